"""HTML of an answer's text: sentences, lists and tables, each citation a badge with its quote.

Knows: the little Markdown that answers are written in. Does not know pages or events. Invariants:
everything that is not ours goes through ``rendering.escape_html``; the HTML of any beginning of a
text is well formed, because an answer is shown while it grows; no badge without its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.rendering import escape_html, source_label
from assistant.schema import Citation, ClaimCheck, Language
from assistant.ui.texts import TEXTS

_MARKERS = re.compile(r"\[\d{1,3}(?:\s*[,，–-]\s*\d{1,3})*\]|【\d{1,3}】|［\d{1,3}］")
_ITEM = re.compile(r"^(?:[-*+•]\s+|(?P<number>\d{1,2})[.)、]\s*(?!\d))(?P<text>.*)$")
_HEADING = re.compile(r"^#{1,6}\s+")
_SEPARATOR = re.compile(r"^\|?[\s:|-]*-[\s:|-]*\|?$")
_LAST = re.compile(r"(?:[!-)+-~]{1,24}|[^\s*!-~]{1,2})$")
"""The last word of a text, or the last two letters where no spaces are written; none in bold."""
_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A piece of a text on one line, and where it stands."""

    text: str
    at: int
    """Offset in the whole text."""

    def cut(self, start: int, end: int | None = None) -> Line:
        """Return a part of it without the white space around."""
        part = self.text[start:end]
        return Line(text=part.strip(), at=self.at + start + len(part) - len(part.lstrip()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Badges:
    """Draws the citations of one answer."""

    key: str
    """Unique on the page; source ``n`` has the card ``src-<key>-<n>``."""
    language: Language
    checks: Sequence[ClaimCheck] = ()
    """What stands behind each sentence, in the order of the text."""

    def draw(self, marker: str, at: int) -> str:
        """Return a marker such as ``[2]`` that stands at an offset: badges, where a check stands."""
        found = [(int(n), self._evidence(int(n), at)) for n in re.findall(r"\d+", marker)]
        if not any(evidence for _, evidence in found):
            return f" {escape_html(marker)}"
        return "".join(self._badge(n, evidence) if evidence else f" [{n}]" for n, evidence in found)

    def _badge(self, n: int, evidence: Citation) -> str:
        source = evidence.source
        grade = source_label(source, self.language)
        quote = " ".join(evidence.quote.split())
        label = TEXTS[self.language]["badge"].format(n=n, quote=quote)
        where = " · ".join(p for p in (source.publisher, source.published, grade) if p)
        return (
            f'<button type="button" class="fp-badge" data-do="select"'
            f' data-card="src-{self.key}-{n}" data-key="{self.key}"'
            f' data-at="{evidence.start - evidence.passage.chunk.start}"'
            f' data-quote="{escape_html(evidence.quote)}" data-where="{escape_html(where)}"'
            f' aria-label="{escape_html(label)}"><span aria-hidden="true">✓</span>{n}</button>'
        )

    def _evidence(self, n: int, at: int) -> Citation | None:
        """Return the quote that a sentence before an offset rests on, in source ``n``."""
        for check in reversed(self.checks):
            if check.claim.start <= at:
                found = [c for c in check.evidence if c.marker == n]
                return found[0] if found else None
        return None


def answer_html(text: str, badges: Badges) -> str:
    """Return an answer's Markdown as HTML.

    Args:
        text: as ``Answer.text``, or the beginning of it.
        badges: draws its citations.
    """
    return f'<div class="fp-answer">{"".join(_blocks(_lines(text), badges))}</div>'


def thoughts_html(thoughts: str, language: Language, key: str) -> str:
    """Return what a model thought aloud, folded, told apart from the answer of a key."""
    if not thoughts.strip():
        return ""
    summary = escape_html(TEXTS[language]["thoughts"])
    return (
        f'<details class="fp-thoughts" id="thoughts-{key}"><summary>{summary}</summary>'
        f"<p>{escape_html(thoughts.strip())}</p></details>"
    )


def _lines(text: str) -> Iterator[Line]:
    at = 0
    for line in text.split("\n"):
        yield Line(text=line, at=at).cut(0)
        at += len(line) + 1


def _blocks(lines: Iterator[Line], badges: Badges) -> Iterator[str]:
    """Yield paragraphs, and lists and tables out of lines that belong together."""
    group: list[Line] = []
    for line in lines:
        kind = _kind(line.text)
        if group and (kind != _kind(group[0].text) or kind == "p"):
            yield _block(group, badges)
            group = []
        if line.text:
            group.append(line)
    if group:
        yield _block(group, badges)


def _kind(line: str) -> str:
    if line.startswith("|"):
        return "table"
    item = _ITEM.match(line)
    if item:
        return "ol" if item["number"] else "ul"
    return "p"


def _block(group: Sequence[Line], badges: Badges) -> str:
    match _kind(group[0].text):
        case "table":
            return _table(group, badges)
        case "p":
            heading = _HEADING.match(group[0].text)
            if heading:
                return f'<p class="fp-heading">{_inline(group[0].cut(heading.end()), badges)}</p>'
            return f"<p>{_inline(group[0], badges)}</p>"
        case kind:
            return f"<{kind}>{''.join(_item(line, badges) for line in group)}</{kind}>"


def _item(line: Line, badges: Badges) -> str:
    match = _ITEM.match(line.text)
    if match is None:
        raise AssertionError("a list is made of items")
    value = f' value="{match["number"]}"' if match["number"] else ""
    return f"<li{value}>{_inline(line.cut(match.start('text')), badges)}</li>"


def _table(group: Sequence[Line], badges: Badges) -> str:
    """Return a table; its first row is its head when a line of dashes follows."""
    headed = len(group) > 1 and _SEPARATOR.match(group[1].text) is not None
    rows = []
    for at, line in enumerate(group):
        if _SEPARATOR.match(line.text):
            continue
        tag, scope = ("th", ' scope="col"') if headed and at == 0 else ("td", "")
        cells = "".join(f"<{tag}{scope}>{_inline(c, badges)}</{tag}>" for c in _cells(line))
        rows.append(f"<tr>{cells}</tr>")
    # Wide tables scroll by themselves; a keyboard can only scroll what takes the focus.
    return f'<div class="fp-scroll" tabindex="0"><table>{"".join(rows)}</table></div>'


def _cells(line: Line) -> Iterator[Line]:
    inside = line.text.strip("|")
    at = line.text.find(inside) if inside else 0
    for cell in inside.split("|"):
        yield line.cut(at, at + len(cell))
        at += len(cell) + 1


def _inline(line: Line, badges: Badges) -> str:
    """Escape a line and turn its markers into badges and ``**`` into bold letters."""
    parts: list[str] = []
    at = 0
    for match in _MARKERS.finditer(line.text):
        text = line.text[at : match.start()].rstrip()
        drawn = badges.draw(match.group(), line.at + match.start())
        last = _LAST.search(text)
        if last:
            # A badge must not hang alone on the next line.
            drawn = f'<span class="fp-keep">{escape_html(last.group())}{drawn}</span>'
            text = text[: last.start()]
        parts += (_bold(text), drawn)
        at = match.end()
    return "".join((*parts, _bold(line.text[at:])))


def _bold(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", escape_html(text))
