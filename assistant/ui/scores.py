"""HTML of the quality page: the scores that were committed, and the last run on this machine.

Knows: the files evals commit (``evals/baselines/*.json``). Does not know how anything was measured.
Invariants: a number stands with how many cases it rests on and its interval; a file that cannot be
read is left out, never half shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.ui.frame import page_html
from assistant.ui.plots import Share, bar_html, plot_html
from assistant.ui.reports import Report
from assistant.ui.texts import MEASURES, PARTS, SLICES, SUITES, TEXTS

OURS = "firstpilot"
"""The system that is this one, among those that were measured beside it."""
ALL = "all"
SEALED = "test"
"""The part of our own questions that is scored as a whole and never looked at."""
HEADLINE = "passed"
"""The measure that is drawn for each kind of question."""
LOWER = {"false_refusal"}
"""Measures of which less is better."""


class _Cell(BaseModel):
    """A slice of a suite that was measured."""

    model_config = ConfigDict(frozen=True)

    part: str
    slice: str
    language: str
    system: str
    cases: int
    estimates: dict[str, tuple[float | None, float | None, float | None, int]]


class Scored(BaseModel):
    """A suite as it was last committed."""

    model_config = ConfigDict(frozen=True)

    suite: str
    made: str
    conditions: dict[str, Any]
    cells: tuple[_Cell, ...]


def read_scores(folder: Path) -> list[Scored]:
    """Return the suites whose scores are in a folder, by name; empty without it."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(Scored.model_validate(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, ValidationError):
            continue
    return found


def quality_html(scores: Sequence[Scored], report: Report | None, language: Language) -> str:
    """Return the quality page."""
    say = TEXTS[language]
    parts = [f"<h2>{say['quality']}</h2><p>{say['quality_is']}</p>"]
    parts += [_suite(scored, language) for scored in scores]
    if report is not None:
        when = say["run"].format(when=escape_html(report.when))
        parts.append(f'<section class="fp-report" lang="en"><h3>{when}</h3>{report.body}</section>')
    if not scores and report is None:
        parts.append(
            f'<section class="fp-empty"><h3>{say["no_report"]}</h3><p>{say["no_report_how"]}</p>'
            "<pre><code>make eval</code></pre></section>"
        )
    return page_html(language, "quality", "".join(parts))


def _suite(scored: Scored, language: Language) -> str:
    cells = [cell for cell in scored.cells if cell.system == OURS]
    plot = _plot(cells, language)
    sums = [cell for cell in cells if cell.slice == ALL and cell.language == ALL]
    # Without sums the plot says it all; a slice alone says little to a reader.
    table = _table(scored, sums or ([] if plot else cells), language)
    if not plot and not table:
        return ""
    told = scored.conditions
    conditions = " · ".join(str(told[key]) for key in ("version", "backend") if key in told)
    return (
        f"<section><h3>{escape_html(_title(scored, language))}</h3>"
        f'<p class="fp-muted">{escape_html(scored.made)} · {escape_html(conditions)}</p>'
        f"{table}{plot}</section>"
    )


def _title(scored: Scored, language: Language) -> str:
    return SUITES[language].get(scored.suite, scored.suite)


def _table(scored: Scored, cells: Sequence[_Cell], language: Language) -> str:
    """Return all measures of some cells."""
    if not any(cell.estimates for cell in cells):
        return ""
    say = TEXTS[language]
    # The part that nobody looked at while building says most.
    ordered = sorted(cells, key=lambda cell: cell.part != SEALED)
    rows = "".join(row for cell in ordered for row in _rows(cell, language))
    head = "".join(
        f'<th scope="col">{say[name]}</th>' for name in ("measured", "score", "interval", "cases")
    )
    return (
        f'<div class="fp-scroll" tabindex="0" role="group"'
        f' aria-label="{escape_html(_title(scored, language))}"><table class="fp-scores"><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _plot(cells: Sequence[_Cell], language: Language) -> str:
    """Return what was right of each kind of question, by the language asked in."""
    parts = {cell.part for cell in cells}
    part = SEALED if SEALED in parts else min(parts, default="")
    shares = {
        (cell.slice, cell.language): _share(cell, HEADLINE)
        for cell in cells
        if cell.part == part and cell.slice != ALL
    }
    names = dict.fromkeys(kind for (kind, _), share in shares.items() if share)
    rows = {
        SLICES[language].get(kind, kind): [shares.get((kind, each.value)) for each in Language]
        for kind in names
    }
    say = TEXTS[language]
    title = say["by_kind"].format(part=PARTS[language].get(part, part))
    return plot_html(title, ["English", "中文"], rows)


def _share(cell: _Cell, name: str) -> Share | None:
    value, low, high, n = cell.estimates.get(name, (None, None, None, 0))
    return None if value is None else Share(value=value, low=low, high=high, n=n)


def _rows(cell: _Cell, language: Language) -> Iterator[str]:
    """Yield what the cell is of, then a row for each measure."""
    told = [PARTS[language].get(cell.part, cell.part)]
    told += [name for name in (cell.slice, cell.language) if name != ALL]
    yield f'<tr><th colspan="4" scope="colgroup">{escape_html(" · ".join(told))}</th></tr>'
    for name in cell.estimates:
        share = _share(cell, name)
        if name not in MEASURES[language] or share is None:
            continue
        label = escape_html(MEASURES[language][name])
        if name in LOWER:
            label += f" <small>{TEXTS[language]['lower_better']}</small>"
        yield (
            f'<tr><th scope="row">{label}</th><td>{bar_html(share)} {share.told} %</td>'
            f"<td>{share.between}</td><td>{share.n}</td></tr>"
        )
