"""Citations: cuts an answer into sentences and the ``[n]`` markers that belong to them.

Knows: Markdown layout and marker notations. Does not know whether a citation holds. Invariants: the
segments' texts, joined, are the input; how a stream was cut into pieces does not change them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from assistant.language import ends_sentence, split_sentences
from assistant.schema import Claim, Passage

_MARKER = re.compile(r"\[\d{1,3}(?:\s*[,，–-]\s*\d{1,3})*\](?!\()|【\d{1,3}】|［\d{1,3}］")
_LEADING_MARKERS = re.compile(rf"(?:\s*(?:{_MARKER.pattern}))+\s*")
_TRAILING_MARKERS = re.compile(rf"(?:\s*(?:{_MARKER.pattern}))+\s*\Z")
_OPEN_MARKER = re.compile(r"\s*[\[【［][\d,，\s–-]*$")
_LAYOUT = re.compile(r"\s*(?:#{1,6}\s+|>\s?|[-*+•]\s+|\d{1,2}[.)、]\s+)*")
_SEPARATOR = re.compile(r"\s*\|?[\s:|-]+\|?\s*")
_LONGEST_RANGE = 20


class SegmentKind(StrEnum):
    """What a segment is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    TABLE_ROW = "table_row"
    LAYOUT = "layout"
    """Says nothing: blank lines, rules, the line between a table's head and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A sentence with its layout and markers, as written."""

    text: str
    sentence: str
    """Without layout and markers; a table row's cells are joined by spaces."""
    markers: tuple[int, ...]
    kind: SegmentKind

    @property
    def finished(self) -> bool:
        """Whether nothing that follows can go on with it: it ends with a stop or its line."""
        if self.kind is SegmentKind.LAYOUT or self.text.endswith("\n"):
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
        return left

    def _new(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the segments of the current line that were not given out yet."""
        at, new = 0, []
        for segment in segments:
            if at >= self._given:
                new.append(segment)
            at += len(segment.text)
        self._given = max(self._given, at)
        return new


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
        _segment(line[start:end], SegmentKind.SENTENCE)
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
