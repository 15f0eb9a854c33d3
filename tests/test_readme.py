"""The README's commands, tables and code are compared with what the project has, and run."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from assistant.cli import app, main
from assistant.settings import Settings, described, variable

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def rows(heading: str) -> list[list[str]]:
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = group.commands
    return found


def test_the_settings_shown_are_as_they_are():
    known = {name: [default, meaning] for name, default, meaning in described()}
    table = {cells[0].strip("`"): cells[1:] for cells in rows("Settings")}
    assert len(table) > 8
    assert table == {name: known.get(name) for name in table}


def test_the_configuration_page_is_what_the_command_prints(capsys):
    """After a change: firstpilot settings > docs/configuration.md"""
    assert main(["settings"]) == 0
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page
    assert {name for name, _, _ in described()} == {variable(n) for n in Settings.model_fields}


def test_the_command_table_is_the_commands():
    written = {cells[0].strip("`").split()[1]: cells[1] for cells in rows("Ask")}
    assert set(written) == set(commands())
    for name, meaning in written.items():
        command = commands()[name]
        parts = [command, *getattr(command, "commands", {}).values()]
        options = {option for part in parts for each in part.params for option in each.opts}
        assert set(re.findall(r"--[\w-]+", meaning)) <= options, name


def test_every_make_command_has_its_rule():
    targets = {
        word
        for line in re.findall(r"\bmake ((?:[A-Z]+=\S+ )*\w+)", README)
        for word in line.split()
        if "=" not in word
    } - {"and"}
    assert {"chat", "test"} <= targets
    rules = set(re.findall(r"^(\w+):", MAKEFILE, flags=re.MULTILINE))
    assert targets <= rules


def test_the_plain_lines_are_those_of_make():
    recipe = MAKEFILE.replace("$(BIN)", ".venv/bin").replace("$(VENV)", ".venv")
    for line in "".join(blocks("console")).splitlines():
        if "pip install" in line:
            assert line.split(" -m pip ")[1] in recipe
            for path in re.findall(r"-r (\S+)", line):
                assert (ROOT / path).is_file()


def test_a_deployment_is_installed_as_make_does():
    recipe = MAKEFILE.replace("$(BIN)", ".venv/bin").replace("$(VENV)", ".venv")
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    lines = re.findall(r"^sudo \.venv/bin/python -m pip (.*)$", page, flags=re.MULTILINE)
    assert len(lines) == 2
    assert all(line in recipe for line in lines)
    assert "/opt/firstpilot/.venv" in page
    for unit in (ROOT / "deploy").glob("*.service"):
        assert "ExecStart=/opt/firstpilot/.venv/bin/firstpilot " in unit.read_text("utf-8")


def test_an_extra_is_installed_from_the_checkout_and_exists():
    """There is no firstpilot in a package index that pip could find."""
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
            "optional-dependencies"
        ]
    )
    files = [*(ROOT / "assistant").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    named = set()
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"""pip install ["']firstpilot\[""", text), file
        for command, extra in re.findall(r"(\S+ -m pip install -e) '\.\[(\w+)\]'", text):
            assert command.endswith(".venv/bin/python -m pip install -e"), file
            named.add(extra)
        named |= set(re.findall(r"EXTRAS=(\w+)", text))
    assert {"local", "postgres"} == named <= extras


@pytest.mark.skipif(sys.platform == "win32", reason="containers are built by a Unix shell")
@pytest.mark.parametrize("extras", ["", "postgres", "local,postgres"])
def test_a_container_gets_the_extras_it_is_built_with(extras: str):
    text = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert re.search("^ARG EXTRAS=$", text, flags=re.MULTILINE)
    steps = re.findall(r"^RUN ((?:.*\\\n)*.*)", text, flags=re.MULTILINE)
    (step,) = [step for step in steps if " -e " in step]
    stubs = """python() { printf '%s\\n' "$@"; }
        useradd() { :; }; mkdir() { :; }; chown() { :; }
    """
    command = ["sh", "-euc", stubs + step]
    done = subprocess.run(command, env={"EXTRAS": extras}, stdout=subprocess.PIPE, check=True)
    words = done.stdout.decode().split()
    installed = [words[at + 1] for at, word in enumerate(words) if word == "-e"]
    assert installed == [".", *([f".[{extras}]"] if extras else [])]


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_every_link_leads_to_a_file(page: Path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


def test_the_library_example_runs(monkeypatch, capsys):
    # Search by words alone builds the index in seconds and is enough to show that the lines work.
    monkeypatch.setenv("FIRSTPILOT_EMBEDDER", "none")
    example, _ = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) == 3
    namespace: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), namespace)  # noqa: S102 - our own README
    answer = namespace["answer"]
    assert answer.text
    assert answer.text in capsys.readouterr().out


def test_the_check_finds_the_figure_that_the_readme_shows(monkeypatch, capsys):
    monkeypatch.setenv("FIRSTPILOT_EMBEDDER", "none")
    _, example = blocks("python")
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own README
    assert capsys.readouterr().out.split(" ", 1) == [
        "unsupported",
        example.rsplit("# ", 1)[1],
    ]


@pytest.mark.parametrize("path", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_names_no_place(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    packages = re.findall(r"^([\w.\[\]-]+)==(\S+)", text, flags=re.MULTILINE)
    assert len(packages) > 100
    for entry in re.split(r"\n(?=[\w.-]+==)", text)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)", text, re.M)


def test_the_development_lock_agrees_with_the_other():
    def pins(path: str) -> set[str]:
        text = (ROOT / path).read_text(encoding="utf-8")
        return set(re.findall(r"^[\w.-]+==.*?(?= \\)", text, flags=re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
