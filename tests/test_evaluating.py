"""``firstpilot eval``: its commands, and what it says where there are no evals."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import assistant
from assistant.cli import main
from assistant.evaluating import app
from evals.baseline import read_baselines
from evals.scorecard import BEGIN, END, README, scorecard
from tests.test_evals_gate import GOOD, failing
from tests.test_evals_runner import suite_of


@pytest.fixture
def made(settings, monkeypatch, capsys):
    """Run the command over ready-made rows."""
    monkeypatch.setenv("FIRSTPILOT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("FIRSTPILOT_KNOWLEDGE_DIR", str(settings.knowledge_dir))

    def ask(rows, *arguments):
        monkeypatch.setattr("evals.suites.suites_named", lambda names: [suite_of(rows)])
        code = main(["eval", *map(str, arguments)])
        return code, capsys.readouterr()

    return ask


def test_a_run_ends_with_a_report_and_can_be_compared(made, settings):
    code, said = made(GOOD, "run", "--suite", "cases")
    assert code == 0
    page = Path(said.out.strip().rpartition(": ")[2])
    assert page.is_file()
    code, again = made(failing(GOOD, "a1"), "run", "--suite", "cases")
    other = Path(again.out.strip().rpartition(": ")[2]).parent
    code, compared = made(GOOD, "compare", page.parent, other)
    assert code == 0
    assert "- lost cases firstpilot `a1`" in compared.out


def test_the_gate_ends_with_one_when_it_is_red(made, monkeypatch, tmp_path):
    monkeypatch.setattr("evals.baseline.FOLDER", tmp_path)
    monkeypatch.setattr("evals.baseline.read_baselines.__defaults__", (tmp_path,))
    monkeypatch.setattr("evals.baseline.write_baselines.__defaults__", (tmp_path,))
    assert made(GOOD, "run", "--suite", "cases")[0] == 0
    assert made(GOOD, "gate", "--write")[0] == 0
    assert made(GOOD, "run", "--suite", "cases", "--gate")[0] == 0
    lost = failing(GOOD, *(f"a{at}" for at in range(8)))
    code, said = made(lost, "run", "--suite", "cases", "--gate")
    assert code == 1
    assert "FELL cases dev answerable" in said.out
    assert "the gate is red" in said.err


def test_an_unknown_suite_is_one_line(capsys):
    assert main(["eval", "run", "--suite", "nope"]) == 1
    assert "the suites are smoke, external, all, cases" in capsys.readouterr().err


def test_candidates_are_made_of_a_file(tmp_path, capsys):
    feedback, out = tmp_path / "f.jsonl", tmp_path / "c.jsonl"
    feedback.write_text(json.dumps({"question": "Is this new?", "rating": "down"}) + "\n")
    assert main(["eval", "candidates", str(feedback), "--out", str(out)]) == 0
    assert "wrote 1 candidates" in capsys.readouterr().out
    assert main(["eval", "candidates", str(feedback), "--out", str(out)]) == 1


def test_a_report_is_written_where_it_is_wanted(made, tmp_path):
    made(GOOD, "run", "--suite", "cases")
    code, said = made(GOOD, "report", "--out", tmp_path / "here")
    assert code == 0
    assert (tmp_path / "here" / "report.html").is_file()
    assert said.out.count("\n") == 2


@pytest.mark.parametrize("impostor", [False, True])
def test_without_our_evals_the_command_says_where_to_get_them(tmp_path, impostor):
    shutil.copytree(Path(assistant.__file__).parent, tmp_path / "assistant")
    if impostor:
        (tmp_path / "other" / "evals").mkdir(parents=True)
        harm = "raise SystemExit('ran what is not ours')"
        (tmp_path / "other" / "evals" / "__init__.py").write_text(harm)
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(tmp_path / 'other')!r}]; "
        "from assistant.cli import main; sys.exit(main(['eval', 'run']))"
    )
    # -S -P would hide the libraries as well: only this checkout's own path is taken out.
    strip = (
        f"import sys; sys.path = [p for p in sys.path if p not in ('', {str(README.parent)!r})]; "
    )
    done = subprocess.run(
        [sys.executable, "-c", strip + code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "", "FIRSTPILOT_DATA_DIR": str(tmp_path / "data")},
    )
    assert done.returncode == 1, done.stderr
    assert "make eval" in done.stderr
    assert "not ours" not in done.stderr


def test_every_command_says_what_it_does():
    commands = {command.name for command in app.registered_commands}
    assert commands == {"run", "compare", "report", "gate", "candidates"}


def test_the_readme_shows_the_committed_numbers():
    text = README.read_text(encoding="utf-8")
    there = text[text.index(BEGIN) : text.index(END) + len(END)]
    assert there == scorecard(read_baselines()), "run: firstpilot eval report --scorecard"
