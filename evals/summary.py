"""Summaries: rows into tables of estimates, one for each suite, never pooled over suites.

Knows: which measures there are, what they are called and which way is better; how rows are grouped.
Does not know how tables are shown. Invariants: errors are counted apart and stand in no estimate;
a table has every system that was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from evals.estimates import Estimate, mean, of_pairs, percentile, share
from evals.metrics import auroc, balanced_accuracy, calibration_error
from evals.rows import Row, without_errors

ALL = "all"
"""Stands for every slice or language of a suite's part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something that is measured."""

    name: str
    title: str
    estimate: Callable[[Sequence[Row]], Estimate]
    better: int = 1
    """1 when more is better, -1 when less is, 0 when neither."""
    percent: bool = True
    """Whether it is shown as a percentage."""


def _share(name: str, rows: Sequence[Row]) -> Estimate:
    values = [row.measured.get(name) for row in rows]
    return share(None if value is None else bool(value) for value in values)


def _mean(name: str, rows: Sequence[Row]) -> Estimate:
    return mean(row.measured.get(name) for row in rows)


def _percentile(name: str, q: float, rows: Sequence[Row]) -> Estimate:
    return percentile((row.measured.get(name) for row in rows), q)


def _claims(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """Return the rows of claims that were verified, with their truth."""
    return [
        (row, row.truth)
        for row in rows
        if row.truth is not None and "said_supported" in row.measured
    ]


def _auroc(rows: Sequence[Row]) -> Estimate:
    claims = [(row, truth) for row, truth in _claims(rows) if row.score is not None]
    return of_pairs(
        [row.score or 0.0 for row, _ in claims],
        [truth for _, truth in claims],
        auroc,
        [row.group for row, _ in claims],
    )


def _balanced(rows: Sequence[Row]) -> Estimate:
    claims = _claims(rows)
    return of_pairs(
        [float(bool(row.measured["said_supported"])) for row, _ in claims],
        [truth for _, truth in claims],
        balanced_accuracy,
        [row.group for row, _ in claims],
    )


def said(rows: Iterable[Row]) -> tuple[list[float], list[bool]]:
    """Return what was said of the chance that a question can be answered, and whether it can."""
    known = [
        (row.score, row.truth)
        for row in without_errors(rows)
        if row.score is not None and row.truth is not None and "answered" in row.measured
    ]
    return [score for score, _ in known], [truth for _, truth in known]


def _calibration(rows: Sequence[Row]) -> Estimate:
    return of_pairs(*said(rows), calibration_error)


def _passed(rows: Sequence[Row]) -> Estimate:
    return share(row.passed for row in rows)


def _shares(names: Sequence[tuple[str, str, int]]) -> list[Measure]:
    return [
        Measure(name=name, title=title, estimate=partial(_share, name), better=better)
        for name, title, better in names
    ]


def _means(names: Sequence[tuple[str, str, int, bool]]) -> list[Measure]:
    return [
        Measure(name=n, title=title, estimate=partial(_mean, n), better=better, percent=percent)
        for n, title, better, percent in names
    ]


MEASURES: tuple[Measure, ...] = (
    Measure(name="passed", title="right", estimate=_passed),
    *_shares(
        [
            ("abstention_recall", "refused when unanswerable", 1),
            ("abstention_precision", "refusals that were right", 1),
            ("false_refusal", "refused though answerable", -1),
        ]
    ),
    *_means(
        [
            ("recall@1", "recall@1", 1, True),
            ("recall@5", "recall@5", 1, True),
            ("mrr", "MRR", 1, True),
            ("ndcg@5", "nDCG@5", 1, True),
            ("ndcg@10", "nDCG@10", 1, True),
            ("citation_recall", "citation recall", 1, True),
            ("citation_precision", "citation precision", 1, True),
        ]
    ),
    *_shares([("gold_cited", "answers that cite a right document", 1)]),
    *_means(
        [
            ("figures", "required figures shown", 1, True),
            ("figures_answered", "the same, where answered", 1, True),
            ("supported", "supported sentences", 1, True),
            ("verbatim", "sentences word for word in a passage cited", 1, True),
        ]
    ),
    *_shares(
        [
            ("language", "in the asker's language", 1),
            ("kept_out", "forbidden words kept out", 1),
            ("both_shown", "both sides shown", 1),
            ("only_false", "the false side alone shown", -1),
        ]
    ),
    Measure(name="auroc", title="AUROC", estimate=_auroc),
    Measure(name="balanced", title="balanced accuracy", estimate=_balanced),
    Measure(name="calibration", title="calibration error", estimate=_calibration, better=-1),
    *_means([("length", "words", 0, False)]),
    Measure(
        name="seconds_p50",
        title="seconds, median",
        estimate=partial(_percentile, "seconds", 50),
        better=0,
        percent=False,
    ),
    Measure(
        name="seconds_p95",
        title="seconds, 95th percentile",
        estimate=partial(_percentile, "seconds", 95),
        better=0,
        percent=False,
    ),
    *_means([("tokens", "tokens", 0, False)]),
)
"""In the order of the tables."""
BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of case put to one system."""

    suite: str
    part: str
    slice: str
    """``ALL`` for every one."""
    language: str
    """``ALL`` for every one."""
    system: str
    cases: int
    errors: int
    estimates: dict[str, Estimate]
    """By name of measure; those without any case are left out."""


def summarise(rows: Iterable[Row]) -> list[Cell]:
    """Return the cells of all suites: each slice, then all slices, by language and together.

    Slices of an external suite are added up only within it, and its claims' sources not at all.
    """
    groups: dict[tuple[str, str, str, str, str], list[Row]] = {}
    for row in rows:
        for kind in (row.slice, ALL):
            for language in (row.language, ALL):
                key = (row.suite, row.part, kind, language, row.system)
                groups.setdefault(key, []).append(row)
    cells = [
        _cell(key, inside) for key, inside in groups.items() if not _pools_sources(key, inside)
    ]
    return _without_doubles(cells)


def _pools_sources(key: tuple[str, str, str, str, str], rows: Sequence[Row]) -> bool:
    """Whether a group adds up claims of several sources."""
    claims = any("said_supported" in row.measured for row in rows)
    return claims and key[2] == ALL and len({row.slice for row in rows}) > 1


def _cell(key: tuple[str, str, str, str, str], rows: Sequence[Row]) -> Cell:
    suite, part, kind, language, system = key
    sound = without_errors(rows)
    found = {measure.name: measure.estimate(sound) for measure in MEASURES}
    return Cell(
        suite=suite,
        part=part,
        slice=kind,
        language=language,
        system=system,
        cases=len(rows),
        errors=len(rows) - len(sound),
        estimates={name: estimate for name, estimate in found.items() if estimate.known},
    )


def _without_doubles(cells: Sequence[Cell]) -> list[Cell]:
    """Leave out what says the same again: all languages where there is one, all slices as well."""
    slices: dict[tuple[str, str], set[str]] = {}
    languages: dict[tuple[str, str, str], set[str]] = {}
    for cell in cells:
        slices.setdefault((cell.suite, cell.part), set()).add(cell.slice)
        kind = (cell.suite, cell.part, cell.slice)
        languages.setdefault(kind, set()).add(cell.language)
    return [
        cell
        for cell in cells
        if (cell.slice != ALL or len(slices[cell.suite, cell.part]) > 2)
        and (cell.language == ALL or len(languages[cell.suite, cell.part, cell.slice]) > 2)
    ]


def shown(name: str, estimate: Estimate) -> str:
    """Return an estimate in a few characters: value, interval, n."""
    if estimate.value is None:
        return "–"
    scale, digits = (100, 1) if BY_NAME[name].percent else (1, 2)
    value = f"{scale * estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return f"{value} (n={estimate.n})"
    low, high = f"{scale * estimate.low:.{digits}f}", f"{scale * estimate.high:.{digits}f}"
    return f"{value} ({low}–{high}, n={estimate.n})"
