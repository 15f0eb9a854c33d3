"""The gate: red when a slice falls, when the verifier is broken, when something was not run."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from assistant import Assistant, AssistantError, Verdict
from assistant.composition_root import parts_for
from assistant.schema import Grounding
from evals.answering import answering_jobs
from evals.baseline import read_baselines, write_baselines
from evals.cases import Part, load_cases
from evals.gate import check
from evals.runner import Wish, run
from evals.suites import Suite, _probe
from evals.systems import FirstPilot
from evals.worlds import Worlds
from tests.test_evals_report import RUN, answered
from tests.test_evals_runner import suite_of

GOOD = [
    *(answered(f"a{at}", True) for at in range(12)),
    *(answered(f"b{at}", at < 6, kind="conflict") for at in range(8)),
    *(answered(f"sealed-{at}", True, part="test") for at in range(10)),
]


@pytest.fixture
def held(settings, tmp_path):
    """Hold rows against the baseline of GOOD."""
    with Worlds(settings) as worlds:
        first = run(Wish(suites=(suite_of(GOOD),), folder=tmp_path / "a"), settings, worlds)
        write_baselines(first, tmp_path / "baselines")
        baselines = read_baselines(tmp_path / "baselines")

        def hold(rows, **conditions):
            wish = Wish(suites=(suite_of(rows),), folder=tmp_path / "b")
            made = run(wish, settings, worlds)
            made = replace(made, conditions=replace(made.conditions, **conditions))
            return [finding.text for finding in check(made, baselines) if finding.red]

        yield hold


def failing(rows, *names):
    return [replace(row, passed=False) if row.case in names else row for row in rows]


def test_the_same_again_is_green(held):
    assert held(GOOD) == []


def test_a_few_lost_are_noise_and_many_are_not(held):
    assert held(failing(GOOD, "a0", "a1", "a2")) == []


def test_many_lost_are_red_and_told_by_slice(held):
    red = held(failing(GOOD, *(f"a{at}" for at in range(6))))
    assert any("answerable" in text and "12 of 12 were right, now 6" in text for text in red)


def test_new_wins_elsewhere_do_not_hide_a_fall(held):
    rows = failing(GOOD, *(f"a{at}" for at in range(6)))
    rows = [replace(row, passed=True) if row.case in {"b6", "b7"} else row for row in rows]
    assert any("answerable" in text for text in held(rows))


def test_a_sealed_part_holds_as_well(held):
    assert held(failing(GOOD, *(f"sealed-{at}" for at in range(5))))


def test_an_error_is_red(held):
    broken = [*GOOD[:-1], replace(GOOD[-1], error="RuntimeError: lost")]
    assert any("lost" in text for text in held(broken))


def test_cases_that_were_not_run_or_are_new_are_red_unless_only_a_part_was_wanted(held):
    assert any("1 of it were not run" in text for text in held(GOOD[1:]))


def test_a_part_is_held_by_the_cases_it_has(held):
    assert held(GOOD[1:], limit=5) == []


def test_a_measure_that_leaves_its_interval_is_red(held):
    rows = [replace(row, measured={**row.measured, "citation_recall": 1.0}) for row in GOOD]
    assert held(rows) == [], "no baseline has it yet"


def test_a_suite_without_a_baseline_is_red():
    rowless = check(RUN, {})
    assert [finding.text for finding in rowless if finding.red] == ["nothing was run"]


def test_baselines_are_of_whole_finished_runs(settings, tmp_path):
    with Worlds(settings) as worlds:
        made = run(Wish(suites=(suite_of(GOOD),), folder=tmp_path / "a"), settings, worlds)
    for change in ({"finished": False}, {"conditions": replace(made.conditions, smoke=True)}):
        with pytest.raises(AssistantError, match="no whole, finished run"):
            write_baselines(replace(made, **change), tmp_path / "b")
    (path,) = write_baselines(made, tmp_path / "b")
    told = json.loads(path.read_text(encoding="utf-8"))
    assert "q a0" not in str(told), "a baseline names cases and quotes none"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(AssistantError, match="make baselines"):
        read_baselines(tmp_path / "b")


def test_external_baselines_name_no_case(settings, tmp_path):
    rows = [replace(row, part="external", suite="email") for row in GOOD[:12]]
    with Worlds(settings) as worlds:
        suite = suite_of(rows, name="email")
        made = run(Wish(suites=(suite,), folder=tmp_path / "a"), settings, worlds)
        write_baselines(made, tmp_path / "b")
        baselines = read_baselines(tmp_path / "b")
        assert baselines["email"].outcomes == {}
        assert [f for f in check(made, baselines) if f.red] == []
        worse = suite_of(failing(rows, *(f"a{at}" for at in range(9))), name="email")
        fell = run(Wish(suites=(worse,), folder=tmp_path / "c"), settings, worlds)
        assert any("right 25.0" in f.text for f in check(fell, baselines) if f.red)


# ---- a verifier broken on purpose
class Inverted:
    """A verifier that says the opposite."""

    def __init__(self, inner):
        self._inner = inner
        self.name = "inverted"

    def check(self, claims, passages):
        found = self._inner.check(claims, passages)
        turned = {
            Verdict.SUPPORTED: Verdict.UNSUPPORTED,
            Verdict.UNSUPPORTED: Verdict.SUPPORTED,
        }
        checks = tuple(
            replace(check, verdict=turned.get(check.verdict, check.verdict))
            for check in found.checks
        )
        return Grounding(checks=checks, verifier=self.name)


def broken(settings):
    parts = parts_for(settings, None)
    parts["verifier"] = Inverted(parts["verifier"])
    return Assistant(**parts)


def founding_suite():
    """Return a suite of the founding report's questions, which the small knowledge answers."""

    def jobs(bench):
        cases = [
            case
            for case in load_cases()
            if case.set == "founding2" and case.part is Part.DEV and case.answerable
        ]
        probes = [_probe(bench, case) for case in cases[:20]]
        return answering_jobs(bench, "cases", probes, [FirstPilot(bench.worlds)])

    return Suite(name="cases", title="Founding", jobs=jobs)


def test_a_verifier_that_is_broken_turns_the_gate_red(settings, tmp_path):
    ask = partial(run, Wish(suites=(founding_suite(),), folder=tmp_path / "good"), settings)
    with Worlds(settings) as worlds:
        good = ask(worlds)
    assert sum(bool(row.passed) for row in good.rows()) >= 15
    write_baselines(good, tmp_path / "baselines")
    baselines = read_baselines(tmp_path / "baselines")
    assert not any(finding.red for finding in check(good, baselines))
    with Worlds(settings, broken) as worlds:
        wish = Wish(suites=(founding_suite(),), folder=tmp_path / "bad")
        bad = run(wish, settings, worlds)
    assert any(finding.red for finding in check(bad, baselines))
