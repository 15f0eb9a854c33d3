"""What the docs tell people to type, typed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.settings import unknown_variables, variable
from assistant.store import Store, open_store
from tests.served import served
from tests.test_doors import NODE
from tests.tools import missing

ROOT = Path(__file__).resolve().parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES["main"] = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860"


def blocks(language: str) -> list[object]:
    return [
        pytest.param(text, id=f"{name}-{number}")
        for name, page in sorted(PAGES.items())
        for number, text in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
        )
        if ADDRESS in text
    ]


def test_every_file_for_a_deployment_is_spoken_of() -> None:
    named = set(re.findall(r"deploy/[\w@.]+", PAGES["deployment"]))
    assert {f"deploy/{path.name}" for path in (ROOT / "deploy").iterdir()} <= named


def test_a_worker_of_several_is_the_single_service_on_a_port_of_its_own() -> None:
    one, many = (
        (ROOT / "deploy" / name).read_text("utf-8").splitlines()
        for name in ("firstpilot.service", "firstpilot@.service")
    )
    differ = [(was, is_) for was, is_ in zip(one, many, strict=True) if was != is_]
    assert [is_.partition("=")[0] for _, is_ in differ] == ["Description", "ExecStart"]
    assert differ[1][1].endswith("serve --port %i")
    ports = re.findall(
        r"server 127\.0\.0\.1:(\d+);", (ROOT / "deploy/nginx.conf").read_text("utf-8")
    )
    assert [f"firstpilot@{port}" in PAGES["deployment"] for port in ports] == [True, True]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("docs")))
    yield store
    store.close()


@pytest.fixture(scope="module")
def url(assistant: Assistant, held: Store) -> Iterator[tuple[str, str]]:
    key = held.keys.add("docs")
    settings = Settings(password="a long sentence")  # noqa: S106 - of this test
    with served(assistant, held, settings) as where:
        yield where, key


def run(command: list[str], text: str, url: tuple[str, str], **more: object) -> str:
    text = text.replace(ADDRESS, url[0]).replace("fp_...", url[1])
    done = subprocess.run(
        [*command, text], capture_output=True, encoding="utf-8", timeout=180, check=False, **more,
    )  # type: ignore[call-overload]  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed: str = done.stdout
    return printed


@pytest.mark.parametrize("text", blocks("python"))
def test_the_python_lines_run(url: tuple[str, str], text: str) -> None:
    assert len(run([sys.executable, "-c"], text, url)) > 100


@pytest.mark.parametrize("text", blocks("javascript"))
def test_the_javascript_lines_run(url: tuple[str, str], text: str) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        missing("node")
    assert len(run(["node", "--input-type=module", "-e"], text, url, cwd=NODE)) > 100


@pytest.mark.parametrize("text", blocks("bash"))
def test_the_curl_lines_run(url: tuple[str, str], text: str) -> None:
    if shutil.which("curl") is None:
        missing("curl")
    with_key = text.replace("curl -sS", f"curl -sS --fail -H 'Authorization: Bearer {url[1]}'")
    assert len(run(["bash", "-euc"], with_key, url)) > 100


def test_the_commands_named_are_there() -> None:
    from typer.main import get_command

    from assistant.cli import app

    commands = get_command(app)
    for name, page in PAGES.items():
        for line in re.findall(r"^(?:\w+=\S+ |\w+='[^']*' )*firstpilot (.+)$", page, re.MULTILINE):
            here = commands
            for word in shlex.split(line, comments=True):
                inside = getattr(here, "commands", {})
                if word.startswith("-"):
                    options = {option for each in here.params for option in each.opts}
                    assert word in options, f"{name}: {line}"
                elif inside:
                    assert word in inside, f"{name}: {line}"
                    here = inside[word]


def test_the_variables_named_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {variable(name) for name in Settings.model_fields}
    files = [*PAGES.values()]
    files += [path.read_text(encoding="utf-8") for path in (ROOT / "deploy").iterdir()]
    named = {name for page in files for name in re.findall(r"\bFIRSTPILOT_[A-Z_]+[A-Z]\b", page)}
    assert named <= known
    for name in list(os.environ):
        if name.startswith("FIRSTPILOT_"):
            monkeypatch.delenv(name)
    assert unknown_variables() == {}
