"""Citations: cuts an answer into sentences and the ``[n]`` markers that belong to them.

Knows: Markdown layout and marker notations. Does not know whether a citation holds. Invariants: the
segments' texts, joined, are the input; how a stream was cut into pieces does not change them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from assistant.language import ends_sentence, split_sentences
from assistant.schema import Citation, Claim, ClaimCheck, Passage

_MARKER = re.compile(r"\[\d{1,3}(?:\s*[,，–-]\s*\d{1,3})*\](?!\()|【\d{1,3}】|［\d{1,3}］")
_LEADING_MARKERS = re.compile(rf"(?:\s*(?:{_MARKER.pattern}))+\s*")
_TRAILING_MARKERS = re.compile(rf"(?:\s*(?:{_MARKER.pattern}))+\s*\Z")
_OPEN_MARKER = re.compile(r"\s*[\[【［][\d,，\s–-]*$")
_LAYOUT = re.compile(r"\s*(?:#{1,6}\s+|>\s?|[-*+•]\s+|\d{1,2}[.)、]\s+)*")
_ITEM = re.compile(r"\s*(?:>\s?)?(?:[-*+•]|\d{1,2}[.)、])\s+")
_DRESS = " *_`\"'”’)）」』》"
"""What may stand behind the end of a sentence."""
_SEPARATOR = re.compile(r"\s*\|?[\s:|-]+\|?\s*")
_LONGEST_RANGE = 20
_PLAIN_COLUMN = re.compile(
    r"|items?|group|category|type|kind|topic|point|aspect|name|share|percentage|percent|%|value|figure"
    r"|number|amount|result|finding|details?|description|sources?|passage|notes?|compared"
    r"|what the source says|#|no\.?"
    r"|项目|类别|类型|种类|群体|名称|方面|要点|占比|比例|百分比|数值|数字|数量|结果|说明|描述|来源|备注|比较项"
    r"|资料原文|序号",
    re.IGNORECASE,
)
"""Names of columns that say nothing of their cells."""


class SegmentKind(StrEnum):
    """What a segment is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    TABLE_ROW = "table_row"
    TABLE_HEAD = "table_head"
    """A table's names of columns, with the rule below them: says nothing without a row."""
    LAYOUT = "layout"
    """Says nothing: blank lines and rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A sentence with its layout and markers, as written."""

    text: str
    sentence: str
    """Without layout and markers; a table row's cells are joined by spaces."""
    markers: tuple[int, ...]
    kind: SegmentKind
    columns: tuple[str, ...] = ()
    """Of a table row, the names of its columns, if it has a head."""
    begins: bool = True
    """Whether it begins a line: another goes on with an item or a paragraph."""

    @property
    def named(self) -> str:
        """A row's cells, each with the name of its column where that says something: "sales 3%"."""
        if not self.columns:
            return self.sentence
        cells = _cells(_MARKER.sub("", self.text))
        names = (*self.columns, *("" for _ in cells))
        pairs = [f"{_said(name)} {cell}".strip() for name, cell in zip(names, cells, strict=False)]
        return ", ".join(filter(None, pairs))

    @property
    def leads_in(self) -> bool:
        """Whether it only leads to what follows it."""
        return self.sentence.rstrip(_DRESS).endswith((":", "："))

    @property
    def item(self) -> bool:
        """Whether it stands in a list."""
        return self.kind is SegmentKind.SENTENCE and bool(_ITEM.match(self.text))

    @property
    def closed(self) -> bool:
        """Whether it ends as a sentence does."""
        return self.sentence.rstrip(_DRESS).endswith(tuple("。！？.!?…"))

    @property
    def finished(self) -> bool:
        """Whether nothing that follows can go on with it: it ends with a stop or its line."""
        if self.kind in {SegmentKind.LAYOUT, SegmentKind.TABLE_HEAD} or self.text.endswith("\n"):
            return True
        if self.kind is SegmentKind.TABLE_ROW:
            return self.text.rstrip().endswith("|") and self.text.count("|") > 2
        bare = _TRAILING_MARKERS.sub("", self.text)
        # Behind a marker nobody goes on with a figure.
        return ends_sentence(bare if bare == self.text else f"{bare}*")


class SegmentReader:
    """Cuts a growing text; a segment is given out as soon as nothing to come can change it."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._line = ""
        self._given = 0
        self._table = _Table()

    def feed(self, piece: str) -> list[Segment]:
        """Take more text; return the segments it finished."""
        done: list[Segment] = []
        for part in piece.splitlines(keepends=True):
            self._line += part
            ended = self._line.endswith("\n")
            segments = _segments(self._line)
            if not ended:
                held = 2 if segments and _OPEN_MARKER.match(segments[-1].text) else 1
                segments = segments[:-held]
            done += self._new(segments)
            if ended:
                self._line, self._given = "", 0
        return done

    def close(self) -> list[Segment]:
        """Return what is left."""
        left = self._new(_segments(self._line))
        self._line, self._given = "", 0
        return [*left, *self._table.close()]

    def _new(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the segments of the current line that were not given out yet."""
        at, new = 0, []
        for segment in segments:
            if at >= self._given:
                new.append(segment)
            at += len(segment.text)
        self._given = max(self._given, at)
        return [whole for segment in new for whole in self._table.take(segment)]


class _Table:
    """Finds the head of a table: a row waits until it is known whether a rule follows."""

    def __init__(self) -> None:
        self._first: Segment | None = None
        self._columns: tuple[str, ...] | None = None
        """Of the table that is under way, empty for one without a head; None outside."""

    def take(self, segment: Segment) -> list[Segment]:
        """Return the segments that are known now."""
        if segment.kind is SegmentKind.TABLE_ROW:
            if self._columns is None and self._first is None:
                self._first = segment
                return []
            rows = self.close(())
            return [*rows, replace(segment, columns=self._columns or ())]
        if self._first is not None and segment.text.lstrip().startswith("|"):
            head, self._first = self._first, None
            self._columns = _cells(head.text)
            text = head.text + segment.text
            return [replace(head, text=text, sentence="", kind=SegmentKind.TABLE_HEAD)]
        return [*self.close(), segment]

    def close(self, columns: tuple[str, ...] | None = None) -> list[Segment]:
        """Return the row that waits, which is no head."""
        first, self._first = self._first, None
        if first is not None or columns is None:
            self._columns = columns
        return [first] if first else []


def _cells(row: str) -> tuple[str, ...]:
    """Return the cells of a table row."""
    return tuple(
        cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")
    )


def is_plain_column(name: str) -> bool:
    """Whether a column's name says nothing of its cells, as "Share" before a percentage."""
    return not _said(name)


def _said(column: str) -> str:
    """Return what a column's name adds to a cell; "Share" before a percentage adds nothing."""
    name = _MARKER.sub("", column).strip(" *_`:：")
    if _PLAIN_COLUMN.fullmatch(name):
        return ""
    # A capital is a heading's, not a name's.
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def cited_in(checks: Iterable[ClaimCheck]) -> tuple[Citation, ...]:
    """Return each quote cited once, by marker and place."""
    found = {(c.marker, c.start, c.end): c for check in checks for c in check.evidence}
    return tuple(found[key] for key in sorted(found))


def claims_of(text: str) -> list[Claim]:
    """Return the checkable sentences of an answer, with offsets in ``text``."""
    reader = SegmentReader()
    claims: list[Claim] = []
    at = 0
    for segment in (*reader.feed(text), *reader.close()):
        if segment.kind in {SegmentKind.SENTENCE, SegmentKind.TABLE_ROW}:
            start = at + max(segment.text.find(segment.sentence), 0)
            end = min(start + len(segment.sentence), at + len(segment.text))
            claims.append(
                Claim(text=segment.sentence, start=start, end=end, markers=segment.markers)
            )
        at += len(segment.text)
    return claims


def resolve(
    markers: Sequence[int], passages: Sequence[Passage]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which markers name a passage, ``[n]`` being ``passages[n - 1]``, and which dangle."""
    valid = tuple(n for n in markers if 1 <= n <= len(passages))
    return valid, tuple(n for n in markers if n not in valid)


def with_markers(text: str, markers: Sequence[int]) -> str:
    """Return a segment's text with its markers replaced, behind its last word."""
    bare = re.sub(rf"\s*(?:{_MARKER.pattern})", "", text)
    body = bare.rstrip("\n |")
    return f"{body} {''.join(f'[{n}]' for n in markers)}{bare[len(body) :]}"


def _segments(line: str) -> list[Segment]:
    """Cut one line, its newline included."""
    if not line.strip():
        return [_segment(line, SegmentKind.LAYOUT)] if line else []
    if line.lstrip().startswith("|"):
        bare = _SEPARATOR.fullmatch(line)
        return [_segment(line, SegmentKind.LAYOUT if bare else SegmentKind.TABLE_ROW)]
    if line.lstrip().startswith("#"):
        return [_segment(line, SegmentKind.HEADING)]
    if _SEPARATOR.fullmatch(line) and line.endswith("\n"):
        return [_segment(line, SegmentKind.LAYOUT)]
    starts = [span.start for span in split_sentences(line)]
    cuts: list[int] = []
    for start in starts[1:]:
        # Markers in front of a sentence belong to the one before.
        markers = _LEADING_MARKERS.match(line, start)
        cut = markers.end() if markers else start
        if cut < len(line.rstrip()):
            cuts.append(cut)
    bounds = [0, *cuts, len(line)]
    return [
        replace(_segment(line[start:end], SegmentKind.SENTENCE), begins=start == 0)
        for start, end in pairwise(bounds)
        if start < end
    ]


def _segment(text: str, kind: SegmentKind) -> Segment:
    if kind is SegmentKind.LAYOUT:
        return Segment(text=text, sentence="", markers=(), kind=kind)
    bare = re.sub(rf"\s*(?:{_MARKER.pattern})", "", text)
    if kind is SegmentKind.TABLE_ROW:
        sentence = " ".join(cell.strip() for cell in bare.split("|") if cell.strip())
    else:
        sentence = bare[_layout_end(bare) :].strip()
    markers = tuple(
        dict.fromkeys(n for match in _MARKER.finditer(text) for n in _numbers(match.group()))
    )
    return Segment(text=text, sentence=sentence, markers=markers, kind=kind)


def _layout_end(text: str) -> int:
    match = _LAYOUT.match(text)
    return match.end() if match else 0


def _numbers(marker: str) -> list[int]:
    """Return the numbers a marker names: [1, 2], [1-3]."""
    found: list[int] = []
    for part in re.split(r"[,，]", marker[1:-1]):
        low, *rest = (int(number) for number in re.split(r"[–-]", part))
        high = rest[-1] if rest else low
        found += range(low, high + 1) if 0 <= high - low <= _LONGEST_RANGE else [low, high]
    return found
