"""Markdown: its headings, its sections, and the sentences in it that can be quoted.

Knows: CommonMark's structure as knowledge files use it. Does not know: documents or chunks.
Invariant: offsets are half-open, in characters of the text given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from assistant.language import split_sentences

_NEWLINE = re.compile(r"\r\n?|\n")
_MARKUP_AHEAD = re.compile(r"(?:\s|>|\||#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|\[[ xX]\]\s)*")
_EDGE_AHEAD = re.compile(r"[\s|]*")
_EDGE_BEHIND = re.compile(r"[\s|\\]*\Z")
_EMPHASIS = ("***", "___", "**", "__", "~~", "*", "_", "`")
_CODE_FENCES = ("```", "~~~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading outside code, quotations and lists."""

    level: int
    text: str
    first_line: int
    """From 0 in the body."""
    end_line: int


def quotable_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open offsets of the sentences of a Markdown text that can be quoted.

    List markers, table pipes, quotation and emphasis marks at the ends are left out; what then
    holds no letter is no sentence.
    """
    return list(_quotable_spans(text))


@lru_cache(maxsize=4096)
def _quotable_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Find them once: the passages of one question are cut by retrieval, ranking and checks."""
    found = []
    for span in split_sentences(text):
        start, end = span.start, span.end
        if text.startswith(_CODE_FENCES, start):
            continue
        before = 0, 0
        while start < end and before != (start, end):
            before = start, end
            start, end = _trim(text, start, end)
        if any(char.isalpha() for char in text[start:end]):
            found.append((start, end))
    return tuple(found)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Move both ends of a sentence past the Markdown around it, one layer at a time."""
    opens_line = not text[text.rfind("\n", 0, start) + 1 : start].strip()
    ahead = (_MARKUP_AHEAD if opens_line else _EDGE_AHEAD).match(text, start, end)
    start = ahead.end() if ahead else start
    behind = _EDGE_BEHIND.search(text, start, end)
    end = behind.start() if behind else end
    for mark in _EMPHASIS:
        inner, size = text[start:end], len(mark)
        count = inner.count(mark)
        around = inner.startswith(mark) and inner.endswith(mark) and count == 2
        # An odd mark has its partner in another sentence; "**Cost** is high" keeps both of its own.
        if inner.startswith(mark) and (around or count % 2):
            start += size
        if inner.endswith(mark) and (around or (count % 2 and not inner.startswith(mark))):
            end -= size
    return start, max(start, end)


def find_headings(body: str) -> tuple[Heading, ...]:
    """Return the headings of a Markdown text, but those in code, quotations and lists."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(body)
    found = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        parts = (
            " " if child.type.endswith("break") else child.content
            for child in inline.children or ()
            if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
        )
        first, end = token.map
        level = int(token.tag.removeprefix("h"))
        text = "".join(parts).strip()
        found.append(Heading(level=level, text=text, first_line=first, end_line=end))
    return tuple(found)


def find_sections(
    body: str, headings: Sequence[Heading]
) -> Iterator[tuple[str, int, Heading | None]]:
    """Yield each section's text, its offset and its heading, the text before the first included."""
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(body)), len(body)]
    begin, owner = 0, None
    for heading in chain(headings, (None,)):
        end = starts[heading.first_line] if heading else len(body)
        yield body[begin:end], begin, owner
        if heading:
            begin = starts[min(heading.end_line, len(starts) - 1)]
            owner = heading
