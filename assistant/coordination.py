"""Coordination: a question about two or three places or names is as many questions.

Knows: how places and names are joined in a question. Does not know passages. Invariant: each part
is the question with one of them where all of them stood, without what says that all are meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MOST_PARTS = 3
"""Places or names joined in one question; of more a list is wanted."""
LONGEST_JOIN = 48
"""Characters between two of them that are joined."""

_JOIN = re.compile(
    r"^(?:'s|s'|s)?[^.?!。？！]*?"
    r"(?:\b(?:and|or|vs|versus|against|compared? (?:to|with)|than)\b|[,&/+、]|[和与跟及比或]|还是)"
)
_ADJACENT = re.compile(r"[\s·-]*")
_EACH = re.compile(
    r"\b(?:both|each(?! other))\b ?|,? ?\brespectively\b"
    r"|^\s*(?:please )?compare (?:the )?|^\s*请?(?:对比|比较)(?:一下)?"
    r"|(?<![么有的])分别|各自|各(?![个种类地国州界])"
)
"""What says that all are meant: of one alone it would be nonsense."""


class Named(NamedTuple):
    """A place or a name in a question."""

    text: str
    kind: str


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


def parts_of(core: str, named: Sequence[Named]) -> tuple[str, ...]:
    """Return the questions that a question joins, none when it is but one.

    Args:
        core: what is asked, normalised.
        named: its places and names, each as it stands there.
    """
    spans = _merged(core, sorted(span for name in named for span in _spans(core, name)))
    kinds = {span.kind for span in spans}
    if len(kinds) != 1 or not 2 <= len(spans) <= MOST_PARTS:
        return ()
    between = [core[a.end : b.start] for a, b in pairwise(spans)]
    if not all(len(text) <= LONGEST_JOIN and _JOIN.match(text) for text in between):
        return ()
    words = [core[span.start : span.end] for span in spans]
    if len(set(words)) < len(words):
        return ()
    before, after = core[: spans[0].start], core[spans[-1].end :]
    return tuple(_EACH.sub("", f"{before}{word}{after}") for word in words)


def _spans(core: str, name: Named) -> list[_Span]:
    """Return where a name stands, as a word of its own where words are told apart."""
    word = re.escape(name.text)
    if re.match(r"\w", name.text, re.ASCII):
        word = rf"(?<![a-z0-9]){word}(?![a-z0-9])"
    return [_Span(*found.span(), name.kind) for found in re.finditer(word, core)]


def _merged(core: str, spans: Sequence[_Span]) -> list[_Span]:
    """Return spans in order, those of one kind that touch or overlap made one ("taco bell")."""
    merged: list[_Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        touches = (
            last and last.kind == span.kind and _ADJACENT.fullmatch(core, last.end, span.start)
        )
        if last and (touches or span.start < last.end):
            merged[-1] = last._replace(end=max(last.end, span.end))
        else:
            merged.append(span)
    return merged
