"""The gate: a run against the committed baselines; a slice that fell beyond noise fails it.

Knows: what is noise. Does not know suites. Invariants: our own cases are compared one by one, so
that easy new ones cannot hide a loss; of external sets, of which no case is named in this project,
the numbers are compared; an error fails; what the baseline or the run lacks is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evals.baseline import Baseline
from evals.compare import outcome, paired
from evals.estimates import Estimate
from evals.rows import Row
from evals.runner import Run
from evals.summary import BY_NAME, MEASURES, Cell, shown, summarise
from evals.systems import MAIN

ROUNDING = 1e-4
"""Baselines are kept to four digits."""
CHANCE = 0.05
"""One-sided chance below which a slice's losses are no noise. Set 2026-11-26."""
GUARDED = ("auroc", "balanced", "supported", "verbatim", "citation_recall", "citation_precision")
"""Measures that fail a slice of our own cases when they fall out of the baseline's interval.
The others follow from which cases are right, which are compared one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something the gate says."""

    text: str
    red: bool


def check(run: Run, baselines: Mapping[str, Baseline]) -> list[Finding]:
    """Hold a run against baselines; any red finding fails it."""
    rows = [row for row in run.rows() if row.system == MAIN]
    findings = [
        Finding(text=f"{suite}: left out ({why})", red=False)
        for suite, why in run.unavailable.items()
    ]
    for suite in dict.fromkeys(row.suite for row in rows):
        own = [row for row in rows if row.suite == suite]
        if suite not in baselines:
            text = f"{suite}: has no baseline; run: make baselines"
            findings.append(Finding(text=text, red=True))
            continue
        whole = run.conditions.limit is None and not run.conditions.smoke
        findings += _check_suite(own, baselines[suite], whole=whole)
    if not rows:
        findings.append(Finding(text="nothing was run", red=True))
    return findings


def _check_suite(rows: Sequence[Row], baseline: Baseline, *, whole: bool) -> Iterable[Finding]:
    if not baseline.outcomes:
        names = [measure.name for measure in MEASURES if measure.better]
        if whole:
            yield from _check_measures(summarise(rows), baseline, names)
        return
    errors = [row for row in rows if row.error]
    for row in errors[:5]:
        yield Finding(text=f"{row.suite} {row.case}: error: {row.error}", red=True)
    new = sum(row.key not in baseline.outcomes for row in rows)
    missing = len(baseline.outcomes) - (len(rows) - new)
    if whole and (new or missing):
        text = f"{baseline.suite}: {new} cases have no baseline, {missing} of it were not run"
        yield Finding(text=f"{text}; run: make baselines", red=True)
    if new == len(rows):
        yield Finding(text=f"{baseline.suite}: no case of the baseline was run", red=True)
    for pair in paired(baseline.outcomes, rows):
        if pair.lost and pair.chance < CHANCE:
            text = (
                f"{pair.suite} {pair.part} {pair.slice} ({pair.language}): {pair.before} of "
                f"{pair.n} were right, now {pair.after}; lost {pair.lost}, won {pair.won}, "
                f"p = {pair.chance:.3f}"
            )
            yield Finding(text=text, red=True)
    if whole:
        yield from _check_measures(summarise(rows), baseline, GUARDED)
    held = sum(outcome(row) for row in rows)
    yield Finding(text=f"{baseline.suite}: {held} of {len(rows)} right", red=False)


def _check_measures(
    cells: Sequence[Cell], baseline: Baseline, names: Sequence[str]
) -> Iterable[Finding]:
    before = {_place(cell): cell for cell in baseline.cells}
    for cell in cells:
        was = before.get(_place(cell))
        for name in names:
            old = was.estimates.get(name) if was else None
            now = cell.estimates.get(name)
            if old is not None and now is not None and _worse(name, now, old):
                yield Finding(
                    text=f"{cell.suite} {cell.part} {cell.slice} ({cell.language}): "
                    f"{BY_NAME[name].title} {shown(name, now)}, was {shown(name, old)}",
                    red=True,
                )


def _worse(name: str, now: Estimate, old: Estimate) -> bool:
    """Whether a value left the old interval for the worse; by less than rounding does not count."""
    if now.value is None or old.low is None or old.high is None:
        return False
    if BY_NAME[name].better > 0:
        return now.value < old.low - ROUNDING
    return now.value > old.high + ROUNDING


def _place(cell: Cell) -> tuple[str, str, str, str, str]:
    return cell.suite, cell.part, cell.slice, cell.language, cell.system
