"""Runs are kept row by row, go on where they stopped, and lose nothing to a broken case."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from assistant import AssistantError
from evals.jobs import Job, limited
from evals.report import write_report
from evals.rows import Row, RowFile, read_rows
from evals.runner import ROWS, Wish, _new_folder, latest, read_run, run, runs_folder
from evals.suites import Suite, SuiteUnavailable
from evals.worlds import Worlds

BLANK = Row(
    suite="cases",
    case="",
    system="firstpilot",
    part="dev",
    slice="answerable",
    language="en",
)


def suite_of(rows, done=None, name="cases"):
    """Return a suite of ready-made rows; what is done is put down."""

    def do(row):
        if done is not None:
            done.append(row.case)
        if row.error:
            raise RuntimeError(row.error)
        return row

    def jobs(bench):
        for row in rows:
            yield Job(blank=replace(row, error="", passed=None), run=partial(do, row))

    return Suite(name=name, title="Made", jobs=jobs)


def rows_named(*names, **fields):
    return [replace(BLANK, case=name, passed=True, **fields) for name in names]


@pytest.fixture(scope="module")
def worlds(settings):
    with Worlds(settings) as opened:
        yield opened


def test_each_row_is_kept_and_the_run_can_be_read(settings, worlds, tmp_path):
    seen = []
    made = run(
        Wish(suites=(suite_of(rows_named("a", "b")),), folder=tmp_path / "r"),
        settings,
        worlds,
        lambda done, total, stage: seen.append((done, total)),
    )
    assert made.finished
    assert seen == [(1, 2), (2, 2)]
    assert {row.case for row in read_run(tmp_path / "r").rows()} == {"a", "b"}


def test_a_broken_case_is_an_error_and_stops_nothing(settings, worlds, tmp_path):
    rows = [*rows_named("a"), replace(BLANK, case="b", error="it broke"), *rows_named("c")]
    wish = Wish(suites=(suite_of(rows),), folder=tmp_path)
    made = {row.case: row for row in run(wish, settings, worlds).rows()}
    assert made["b"].error == "RuntimeError: it broke"
    assert made["b"].passed is None
    assert made["a"].passed
    assert made["c"].passed


def test_a_run_goes_on_where_it_stopped_and_tries_errors_again(settings, worlds, tmp_path):
    broken = [*rows_named("a"), replace(BLANK, case="b", error="busy")]
    run(Wish(suites=(suite_of(broken),), folder=tmp_path), settings, worlds)
    # Half a line is what a killed process leaves.
    with (tmp_path / ROWS).open("a", encoding="utf-8") as file:
        file.write('{"suite": "cases", "ca')
    done: list[str] = []
    again = suite_of(rows_named("a", "b", "c"), done)
    made = run(Wish(suites=(again,), folder=tmp_path), settings, worlds)
    assert sorted(done) == ["b", "c"]
    assert {row.case: row.passed for row in made.rows()} == dict.fromkeys("abc", True)


def test_a_run_is_not_gone_on_with_under_other_conditions(settings, worlds, tmp_path):
    suite = suite_of(rows_named("a"))
    run(Wish(suites=(suite,), folder=tmp_path), settings, worlds)
    with pytest.raises(AssistantError, match="limit None, now 3"):
        run(Wish(suites=(suite,), folder=tmp_path, limit=3), settings, worlds)


def test_an_interrupted_run_stays_unfinished(settings, worlds):
    def stop():
        raise KeyboardInterrupt

    def jobs(bench):
        yield Job(blank=replace(BLANK, case="a"), run=stop)

    with pytest.raises(KeyboardInterrupt):
        run(Wish(suites=(Suite(name="cases", title="x", jobs=jobs),)), settings, worlds)
    found = latest(settings, finished=False)
    assert found.folder.parent == runs_folder(settings)
    # Two within a second are two.
    assert _new_folder(settings, found.conditions) != _new_folder(settings, found.conditions)
    assert not found.finished


def test_a_suite_without_its_data_is_left_out_and_told(settings, worlds, tmp_path):
    def jobs(bench):
        raise SuiteUnavailable("no data; set FIRSTPILOT_EVAL_DATA")

    absent = Suite(name="xquad", title="x", jobs=jobs, external=True)
    wish = Wish(suites=(absent, suite_of(rows_named("a"))), folder=tmp_path)
    made = run(wish, settings, worlds)
    assert made.unavailable == {"xquad": "no data; set FIRSTPILOT_EVAL_DATA"}
    assert "left out: xquad" in write_report(made)[0].read_text(encoding="utf-8")


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(AssistantError, match="holds no run"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(AssistantError, match="holds no run"):
        read_run(tmp_path)


def test_a_limit_takes_the_same_cases_whatever_the_order():
    rows = [*rows_named(*"abcdefgh"), *rows_named(*"ijkl", slice="conflict")]
    jobs = [Job(blank=row, run=partial(replace, row)) for row in rows]
    taken = {job.key.case for job in limited(jobs, 3)}
    assert taken == {job.key.case for job in limited(jobs[::-1], 3)}
    assert len(taken) == 6
    assert len(limited(jobs, None)) == 12


def test_systems_of_one_case_stay_together_under_a_limit():
    rows = [replace(row, system=system) for row in rows_named(*"abc") for system in ("x", "y")]
    jobs = [Job(blank=row, run=partial(replace, row)) for row in rows]
    names = [job.key.case for job in limited(jobs, 1)]
    assert len(names) == 2
    assert len(set(names)) == 1


def test_rows_survive_any_text(tmp_path):
    row = replace(BLANK, case="a", detail={"answer": "a\u2028b\n“中文” \x00 </script>"})
    file = RowFile(tmp_path / "rows.jsonl")
    file.add(row)
    file.close()
    assert read_rows(tmp_path / "rows.jsonl") == [row]
    assert json.loads((tmp_path / "rows.jsonl").read_text(encoding="utf-8").strip())
