"""HTML of the quality page: the scores that were committed, and the last run on this machine.

Knows: the files evals leave behind (``evals/baselines/*.json``, ``report.html`` of a run). Does not
know how anything was measured. Invariants: a number stands with how many cases it rests on and its
interval; a file that cannot be read is left out, never half shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.ui.frame import page_html
from assistant.ui.texts import MEASURES, PARTS, SUITES, TEXTS

OURS = "firstpilot"
"""The system that is this one, among those that were measured beside it."""
ALL = "all"
SEALED = "test"
"""The part of our own questions that is scored as a whole and never looked at."""
_BODY = re.compile(r"<body>(.*)</body>", re.DOTALL)
_ACTIVE = re.compile(r"<\s*(?:script|iframe|object|embed|link|style|base|form)\b|\son\w+\s*=", re.I)
"""What a report never has; one that does is not shown."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The last run on this machine."""

    when: str
    body: str
    """HTML without scripts."""


def read_scores(folder: Path) -> list[Scored]:
    """Return the suites whose scores are in a folder, by name; empty without it."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(Scored.model_validate(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, ValidationError):
            continue
    return found


def last_report(runs: Path) -> Report | None:
    """Return the report of the last run in a folder of runs; None without one."""
    for path in sorted(runs.glob("*/report.html"), reverse=True):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        body = _BODY.search(text)
        if body and not _ACTIVE.search(body.group(1)):
            inside = body.group(1).replace("<h2", "<h4").replace("</h2", "</h4")
            inside = re.sub(r"<h1>.*?</h1>", "", inside)
            return Report(when=path.parent.name[:15], body=inside)
    return None


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
    say = TEXTS[language]
    cells = [cell for cell in scored.cells if cell.system == OURS]
    # Sums where there are any: a slice alone says little to a reader.
    sums = [cell for cell in cells if cell.slice == ALL and cell.language == ALL] or cells
    # The part that nobody looked at while building says most.
    sums.sort(key=lambda cell: cell.part != SEALED)
    rows = "".join(row for cell in sums for row in _rows(cell, language))
    if not any(cell.estimates for cell in sums):
        return ""
    title = SUITES[language].get(scored.suite, scored.suite)
    head = "".join(
        f'<th scope="col">{say[name]}</th>' for name in ("measured", "score", "interval", "cases")
    )
    told = scored.conditions
    conditions = " · ".join(str(told[key]) for key in ("version", "backend") if key in told)
    return (
        f'<section><h3>{escape_html(title)}</h3><p class="fp-muted">{escape_html(scored.made)} · '
        f'{escape_html(conditions)}</p><div class="fp-scroll" tabindex="0" role="group"'
        f' aria-label="{escape_html(title)}"><table class="fp-scores"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _rows(cell: _Cell, language: Language) -> Iterator[str]:
    """Yield what the cell is of, then a row for each measure."""
    told = [PARTS[language].get(cell.part, cell.part)]
    told += [name for name in (cell.slice, cell.language) if name != ALL]
    yield f'<tr><th colspan="4" scope="colgroup">{escape_html(" · ".join(told))}</th></tr>'
    for name, (value, low, high, n) in cell.estimates.items():
        if name not in MEASURES[language] or value is None:
            continue
        label = MEASURES[language][name]
        share = f"{100 * value:.0f}"
        between, whisker = "", ""
        if low is not None and high is not None:
            between = f"{100 * low:.0f}–{100 * high:.0f}"
            whisker = (
                f'<span class="fp-interval" aria-hidden="true"'
                f' style="left:{100 * low:.0f}%;width:{100 * (high - low):.0f}%"></span>'
            )
        yield (
            f'<tr><th scope="row">{escape_html(label)}</th><td><span class="fp-score">'
            f'<span class="fp-bar-of" aria-hidden="true" style="width:{share}%"></span>{whisker}</span> '
            f"{share} %</td><td>{between}</td><td>{n}</td></tr>"
        )
