"""HTML of answers and sources. Pure functions; everything that is not ours is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.rendering import escape_html, grade_label, highlight_html
from assistant.schema import Answer, Citation, Language, Passage
from assistant.ui.texts import TEXTS

END = "fp-end"
"""Class of the element that closes a finished answer."""
_MARKER = re.compile(r"\[(\d{1,3})\]")
_ITEM = re.compile(r"^(?:- |(\d{1,2})\. )(.*)$")


def answer_html(text: str, key: str) -> str:
    """Return an answer's Markdown (sentences, lists, tables) as HTML with clickable badges.

    Args:
        text: as ``Answer.text``, or the beginning of it.
        key: unique on the page; badges link to ``#src-<key>-<n>``.
    """
    blocks: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        kind = _kind(line)
        group = [line]
        while kind != "p" and at + 1 < len(lines) and _kind(lines[at + 1].strip()) == kind:
            at += 1
            group.append(lines[at].strip())
        at += 1
        if line:
            blocks.append(_block(kind, group, key))
    return f'<div class="fp-answer">{"".join(blocks)}</div>'


def sources_html(
    passages: Sequence[Passage], citations: Sequence[Citation], language: Language, key: str
) -> str:
    """Return the source cards of one answer; cited sentences are marked and their cards come open."""
    say = TEXTS[language]
    if not passages:
        return f'<p class="fp-muted">{escape_html(say["no_sources"])}</p>'
    return "".join(
        _card(n, passage, [c for c in citations if c.marker == n], language, key)
        for n, passage in enumerate(passages, start=1)
    )


def footer_html(answer: Answer) -> str:
    """Return the quiet lines under an answer: what was checked, what to know of the sources."""
    say = TEXTS[answer.language]
    lines = []
    count = len(answer.grounding.checks)
    if count:
        lines.append(f'<p class="fp-checked">✓ {say["checked"].format(count=count)}</p>')
    lines += [f'<p class="fp-notice">{escape_html(notice)}</p>' for notice in answer.notices]
    if count or answer.provenance.left_machine:
        lines.append(f'<p class="fp-notice">{escape_html(_written_by(answer))}</p>')
    return end_html("".join(lines))


def thoughts_html(thoughts: str, language: Language) -> str:
    """Return what a model thought aloud, folded, told apart from the answer."""
    if not thoughts.strip():
        return ""
    summary = escape_html(TEXTS[language]["thoughts"])
    return (
        f'<details class="fp-thoughts"><summary>{summary}</summary>'
        f"<p>{escape_html(thoughts.strip())}</p></details>"
    )


def _written_by(answer: Answer) -> str:
    """Return who wrote an answer, whether text left the machine, and what it cost."""
    say, how = TEXTS[answer.language], answer.provenance
    # Of an address or a file, only the name is a reader's business.
    model = how.model.partition("@http")[0].rsplit("/", 1)[-1]
    written = say["quoted"] if model.startswith("embedded") else say["written"].format(model=model)
    parts = [written] if answer.grounding.checks else []
    parts.append(say["left"] if how.left_machine else say["stayed"])
    if how.cost is not None:
        parts.append(say["cost"].format(cost=f"{how.cost:.4f}"))
    return " · ".join(parts)


def end_html(inside: str = "") -> str:
    """Return what closes a finished answer; one without it was stopped."""
    return f'<div class="{END}">{inside}</div>'


def _kind(line: str) -> str:
    if line.startswith("|"):
        return "table"
    item = _ITEM.match(line)
    if item:
        return "ol" if item.group(1) else "ul"
    return "p"


def _block(kind: str, group: Sequence[str], key: str) -> str:
    if kind == "p":
        return f"<p>{_inline(group[0], key)}</p>"
    if kind == "table":
        rows = [row.strip("|").split("|") for row in group if not set(row) <= set("|-: ")]
        cells = "".join(
            "<tr>" + "".join(f"<td>{_inline(cell.strip(), key)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f'<div class="fp-scroll"><table>{cells}</table></div>'
    items = (match.group(2) for match in map(_ITEM.match, group) if match)
    return f"<{kind}>{''.join(f'<li>{_inline(item, key)}</li>' for item in items)}</{kind}>"


def _inline(text: str, key: str) -> str:
    """Escape a line and turn its markers into badges."""
    return _MARKER.sub(
        lambda m: f'<a class="fp-badge" href="#src-{key}-{m.group(1)}">{m.group(1)}</a>',
        escape_html(text),
    )


def _card(n: int, passage: Passage, cited: Sequence[Citation], language: Language, key: str) -> str:
    say = TEXTS[language]
    document, chunk = passage.document, passage.chunk
    source = passage.source
    spans = [(c.start - chunk.start, c.end - chunk.start) for c in cited]
    section = " › ".join(chunk.heading_path[1:])
    facts = [source.publisher, source.published, source.geography]
    if document.language is not language:
        facts.append(say["in_language"])
    link = ""
    if source.url and source.url.startswith(("http://", "https://")):
        link = (
            f'<a href="{escape_html(source.url)}" target="_blank" rel="noopener noreferrer">'
            f"{escape_html(say['open'])}</a>"
        )
    return (
        f'<details class="fp-card" id="src-{key}-{n}"{" open" if cited else ""}>'
        f'<summary><span class="fp-number">{n}</span> <span>{escape_html(document.title)}'
        f"<small>{escape_html(section)}</small></span></summary>"
        f'<p class="fp-facts"><span class="fp-grade fp-{source.grade.value}">'
        f"{escape_html(grade_label(source.grade, language))}</span> "
        f"{escape_html(' · '.join(fact for fact in facts if fact))} {link}</p>"
        f'<div class="fp-passage">{highlight_html(chunk.text, spans)}</div></details>'
    )
