"""The report of a run: Markdown, and one HTML page that needs nothing else.

Knows: how tables, plots and failing cases are laid out. Does not know how they were measured.
Invariants: every number stands with its n and interval; texts from cases and answers are escaped;
of a test part nothing but numbers is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from evals import plots
from evals.metrics import calibration
from evals.rows import Row, without_errors
from evals.runner import Run
from evals.suites import SUITES
from evals.summary import ALL, BY_NAME, Cell, said, shown, summarise
from evals.systems import MAIN

MOST_FAILURES = 300
"""Failing cases shown of a suite."""
_SHOWN = 400
"""Characters of an answer that a failing case shows."""


def write_report(run: Run, folder: Path | None = None) -> tuple[Path, Path]:
    """Write ``report.md`` and ``report.html``, beside the run unless told otherwise."""
    place = folder or run.folder
    place.mkdir(parents=True, exist_ok=True)
    rows = run.rows()
    cells = summarise(rows)
    markdown, page = place / "report.md", place / "report.html"
    markdown.write_text(as_markdown(run, rows, cells), encoding="utf-8")
    page.write_text(as_html(run, rows, cells), encoding="utf-8")
    return markdown, page


# ---- Markdown
def as_markdown(run: Run, rows: Sequence[Row], cells: Sequence[Cell]) -> str:
    """Return the report as Markdown."""
    lines = ["# Evaluation run", "", *(f"- {line}" for line in _conditions(run, rows)), ""]
    for suite in _suites(cells):
        lines += [f"## {SUITES[suite].title} (`{suite}`)", ""]
        own = [cell for cell in cells if cell.suite == suite]
        for part in dict.fromkeys(cell.part for cell in own):
            if len({cell.part for cell in own}) > 1:
                lines += [f"### {_PARTS[part]}", ""]
            lines += _markdown_table([cell for cell in own if cell.part == part])
        failing = list(_failures(rows, suite))
        if failing:
            lines += [f"Failing cases of {MAIN} that may be looked at: {len(failing)}", ""]
            lines += [f"- `{row.case}`: {_why(row)}" for row in failing[:MOST_FAILURES]] + [""]
    return "\n".join(lines)


_PARTS = {
    "dev": "Development part (tuned on: no honest score)",
    "test": "Test part (scored as a whole)",
    "external": "External",
}


def _markdown_table(cells: Sequence[Cell]) -> list[str]:
    names = _measures(cells)
    head = ["slice", "asked in", "system", *(BY_NAME[name].title for name in names), "errors"]
    lines = [_line(head), _line(["---"] * len(head))]
    for cell in _ordered(cells):
        found = [
            shown(name, cell.estimates[name]) if name in cell.estimates else "–" for name in names
        ]
        label = [cell.slice, cell.language, cell.system]
        lines.append(_line([*label, *found, str(cell.errors)]))
    return [*lines, ""]


def _line(values: Sequence[str]) -> str:
    return f"| {' | '.join(value.replace('|', '/') for value in values)} |"


# ---- HTML
def as_html(run: Run, rows: Sequence[Row], cells: Sequence[Cell]) -> str:
    """Return the report as one page without scripts, links to other hosts or other files."""
    body = [
        "<h1>Evaluation run</h1>",
        "<ul>",
        *(f"<li>{escape(line)}</li>" for line in _conditions(run, rows)),
        "</ul>",
        "<nav>",
        *(f'<a href="#{suite}">{escape(SUITES[suite].title)}</a>' for suite in _suites(cells)),
        "</nav>",
    ]
    for suite in _suites(cells):
        own = [cell for cell in cells if cell.suite == suite]
        body.append(f'<section id="{suite}"><h2>{escape(SUITES[suite].title)}</h2>')
        for part in dict.fromkeys(cell.part for cell in own):
            there = [cell for cell in own if cell.part == part]
            body.append(f"<h3>{_PARTS[part]}</h3>")
            body += _plots(there, [r for r in rows if r.suite == suite and r.part == part])
            body.append(_html_table(there))
        body += _html_failures(rows, suite)
        body.append("</section>")
    return _PAGE.replace("$style", _STYLE).replace("$body", "\n".join(body))


def _plots(cells: Sequence[Cell], rows: Sequence[Row]) -> Iterator[str]:
    """Yield bars for each slice, the gate's calibration and how long answers took."""
    headline = "auroc" if any("auroc" in cell.estimates for cell in cells) else "passed"
    found = [
        plots.Bar(
            label=f"{cell.slice} · {cell.language}",
            estimate=cell.estimates[headline],
        )
        for cell in _ordered(cells)
        if headline in cell.estimates and cell.system == MAIN
    ]
    if found:
        title = BY_NAME[headline].title
        yield f"<figure><figcaption>{title}, with 95 % intervals</figcaption>"
        yield f"{plots.bars(title, found)}</figure>"
    own = [row for row in without_errors(rows) if row.system == MAIN]
    scores, truth = said(own)
    if scores:
        title = "The gate: how often what it holds answerable is answerable"
        yield f"<figure><figcaption>{title}</figcaption>"
        yield f"{plots.calibration_curve(title, calibration(scores, truth))}</figure>"
    seconds = [row.measured.get("seconds") for row in own]
    times = [float(value) for value in seconds if value is not None]
    if times:
        title = "Seconds to the whole answer"
        yield f"<figure><figcaption>{title} (n={len(times)})</figcaption>"
        yield f"{plots.distribution(title, times, 's')}</figure>"


def _html_table(cells: Sequence[Cell]) -> str:
    names = _measures(cells)
    titles = [BY_NAME[name].title for name in names]
    head = "".join(
        f"<th>{escape(t)}</th>" for t in ["slice", "asked in", "system", *titles, "errors"]
    )
    lines = []
    for cell in _ordered(cells):
        label = [cell.slice, cell.language, cell.system]
        found = [
            shown(name, cell.estimates[name]) if name in cell.estimates else "–" for name in names
        ]
        texts = "".join(f"<td>{escape(text)}</td>" for text in [*label, *found, str(cell.errors)])
        kind = "main" if cell.system == MAIN else "other"
        lines.append(f'<tr class="{kind}">{texts}</tr>')
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _html_failures(rows: Sequence[Row], suite: str) -> Iterator[str]:
    failing = list(_failures(rows, suite))
    if not failing:
        return
    yield f"<details><summary>Failing cases that may be looked at: {len(failing)}</summary><ol>"
    for row in failing[:MOST_FAILURES]:
        anchor = escape(f"{suite}-{row.case}", quote=True)
        question = escape(str(row.detail.get("question", "")))
        answer = escape(str(row.detail.get("answer", ""))[:_SHOWN])
        yield (
            f'<li id="{anchor}"><a href="#{anchor}"><code>{escape(row.case)}</code></a> '
            f"{escape(row.slice)}: {escape(_why(row))}"
            f"<blockquote>{question}</blockquote><p>{answer}</p></li>"
        )
    yield "</ol></details>"


# ---- both
def _conditions(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    told = run.conditions
    yield f"{run.began}, {run.seconds:.0f} s, {run.workers} at a time"
    yield f"FirstPilot {told.version}, backend {told.backend}, embedder {told.embedder}"
    yield f"index {told.knowledge}, cases {told.cases[:12]}"
    errors = sum(bool(row.error) for row in rows)
    yield f"{len(rows)} rows, {errors} errors, which stand in no number"
    if told.limit is not None:
        yield f"at most {told.limit} cases of each slice and language"
    if told.smoke:
        yield "smoke: a few development cases of each slice"
    for suite, why in run.unavailable.items():
        yield f"left out: {suite} ({why})"


def _suites(cells: Sequence[Cell]) -> list[str]:
    there = {cell.suite for cell in cells}
    return [name for name in SUITES if name in there]


def _measures(cells: Sequence[Cell]) -> list[str]:
    there = {name for cell in cells for name in cell.estimates}
    return [name for name in BY_NAME if name in there]


def _ordered(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells with the sums first, the main system before the others."""
    return sorted(
        cells,
        key=lambda c: (
            c.slice != ALL,
            c.slice,
            c.language != ALL,
            c.language,
            c.system != MAIN,
            c.system,
        ),
    )


def _failures(rows: Sequence[Row], suite: str) -> Iterator[Row]:
    """Yield the main system's failing cases that may be looked at, errors first."""
    own = [
        row
        for row in rows
        if row.suite == suite and row.system == MAIN and (row.error or row.passed is False)
    ]
    yield from (row for row in own if row.error)
    yield from (row for row in own if not row.error and row.detail)


def _why(row: Row) -> str:
    if row.error:
        return f"error: {row.error}"
    failures = row.detail.get("failures")
    return "; ".join(failures) if failures else str(row.detail.get("reason", "wrong"))


_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #fff; --soft: #dfe5ec; --bar: #3b78b5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --paper: #12171d; --soft: #333d49; --bar: #6aa5e0; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
nav a { margin-right: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; white-space: nowrap; }
th, td { border-bottom: 1px solid var(--soft); padding: 3px 8px; text-align: left; }
tr.other td { opacity: .7; }
figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
.bar, .dot { fill: var(--bar); }
.interval, .mark, .ideal, .curve { stroke: var(--ink); fill: none; }
.ideal { stroke-dasharray: 4 4; opacity: .5; }
.curve { stroke: var(--bar); }
.grid, .frame { stroke: var(--soft); fill: none; }
blockquote { margin: .2rem 0; padding-left: .6rem; border-left: 3px solid var(--soft); }
li p { margin: .2rem 0; white-space: pre-wrap; }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>FirstPilot evaluation run</title><style>$style</style></head>
<body>
$body
</body></html>
"""
