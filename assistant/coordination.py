"""Coordination: a question about two or three things is as many questions.

Knows: how places, names and clauses are joined in a question, and the ways to take one apart. Does
not know passages: whoever asks the parts finds out which way makes sense. Invariant: each part
keeps what all of them share, without what says that all are meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from assistant.clauses import by_clauses
from assistant.lexicon import ConceptClass
from assistant.smalltalk import ASKS

MOST_PARTS = 3
"""Places or names joined in one question; of more a list is wanted."""
LONGEST_JOIN = 48
"""Characters between two of them that are joined."""
LONGEST_GAP = 16
"""Characters between two things set side by side: "chatgpt team, claude"."""

_JOINING = (
    r"\b(?:and|or|vs|versus|against|compared? (?:to|with)|than)\b\.?|[,&/+、]|[和与跟及比或]|还是"
)
_JOIN = re.compile(rf"^(?:'s|s'|s)?[^?!。？！;；]*?(?:{_JOINING})")
# The last of the joining words, so that what stands before it belongs to the first thing.
_OWN_WORDS = re.compile(
    rf"(?:'s|s')?(?P<first>[^?!。？！]*?)\s*(?:{_JOINING})(?P<second>[^?!。？！]*)"
)
_COMMA_ALONE = re.compile(rf"(?:(?!{_JOINING}).)*[,，、/](?:(?!{_JOINING}).)*")
_ADJACENT = re.compile(r"[\s·-]*")
_TAIL = re.compile(r"[,:，：?？].*")
_HEAD = re.compile(
    r"(?P<first>[^,:;，：；?？]+?)\s*(?:\b(?:and|vs|versus)\b|[和与跟及、])(?P<second>[^,:;，：；?？]+)(?P<tail>[,:，：].+)"
)
_EACH = re.compile(r"\b(?:both|each(?! other)|respectively)\b|分别|各自|各(?![个种类地国州界])")
_ALL_MEANT = re.compile(
    r"\b(?:both|(?:for )?each(?! other)(?: of them)?)\b ?|,? ?\brespectively\b"
    r"|^\s*(?:please )?compare (?:the )?|^\s*请?(?:对比|比较)(?:一下)?"
    r"|(?<![么有的])分别|各自|各(?![个种类地国州界])"
)
"""What says that all are meant: of one alone it would be nonsense."""
_TWICE = re.compile(r"\b(\w+(?: \w+)?) \1\b", re.ASCII)


class Named(NamedTuple):
    """A place or a name in a question."""

    text: str
    kind: str


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


Division = tuple[str, ...]
"""The parts of one way to take a question apart."""


def divisions(core: str, named: Sequence[Named]) -> tuple[Division, ...]:
    """Return the ways to take a question apart, most telling first; none when it is but one.

    Args:
        core: what is asked, normalised.
        named: its places and names, each as it stands there.
    """
    spans = _merged(core, sorted(span for name in named for span in _spans(core, name)))
    places = {core[span.start : span.end] for span in spans if span.kind == ConceptClass.PLACE}
    names = {core[span.start : span.end] for span in spans} - places
    ways = (*_with_own_words(core, spans), *_in_turn(core, spans), *_head(core))
    found = [tuple(map(_alone, way)) for way in (*ways, *by_clauses(core, places, names))]
    return tuple(way for way in dict.fromkeys(found) if len(set(way)) == len(way))


def alternatives(core: str, named: Sequence[Named]) -> tuple[str, ...]:
    """Return those of the things named that are set side by side ("chatgpt, claude or copilot").

    Args:
        core: what is asked, normalised.
        named: its things, each as it stands there.
    """
    spans = _merged(core, sorted(span for name in named for span in _spans(core, name)))
    runs: list[list[_Span]] = []
    for span in spans:
        last = runs[-1][-1] if runs else None
        between = core[last.end : span.start] if last else ""
        near = last and len(between) <= LONGEST_GAP and _JOIN.match(between)
        # "For an accounting practice, chatgpt or claude": a comma alone joins what is of one kind.
        if near and (runs[-1][-1].kind == span.kind or not _COMMA_ALONE.fullmatch(between)):
            runs[-1].append(span)
        else:
            runs.append([span])
    # What they are compared for may be a list too, and mostly comes after them.
    found = next((run for run in runs if len(run) > 1), runs[0] if runs else [])
    return tuple(core[span.start : span.end] for span in found)


def _alone(part: str) -> str:
    """Return a part without what says that there are others, and without words said twice."""
    return _TWICE.sub(r"\1", " ".join(_ALL_MEANT.sub("", part).split()))


def _in_turn(core: str, spans: Sequence[_Span]) -> Iterator[Division]:
    """Yield the question with one of its names where all of them stood."""
    if not _joined(core, spans):
        return
    words = [core[span.start : span.end] for span in spans]
    before, after = core[: spans[0].start], core[spans[-1].end :]
    yield tuple(f"{before}{word}{after}" for word in words)


def _with_own_words(core: str, spans: Sequence[_Span]) -> Iterator[Division]:
    """Yield the question with each of two names among its own words ("uk shops and us banks")."""
    if len(spans) != 2 or not _joined(core, spans):
        return
    one, other = spans
    own = _OWN_WORDS.fullmatch(core, one.end, other.start)
    # "We export to Spain, which tool knows Spanish" joins nothing.
    if not own or not f"{own['first']}{own['second']}".strip() or ASKS.search(own["second"]):
        return
    before, after = core[: one.start], core[other.end :]
    tail = _TAIL.search(after)
    first = f"{before}{core[one.start : own.end('first')]}{tail.group() if tail else ''}"
    yield first, f"{before}{own['second'].lstrip()}{core[other.start :]}"


def _head(core: str) -> Iterator[Division]:
    """Yield what is asked of each of two things named before ("a and b: how much for each?")."""
    head = _HEAD.fullmatch(core)
    if head and _EACH.search(core):
        yield f"{head['first']}{head['tail']}", f"{head['second']}{head['tail']}"


def _joined(core: str, spans: Sequence[_Span]) -> bool:
    """Whether two or three names of one kind are joined, with little between them."""
    if len({span.kind for span in spans}) != 1 or not 2 <= len(spans) <= MOST_PARTS:
        return False
    between = [core[a.end : b.start] for a, b in pairwise(spans)]
    return all(len(text) <= LONGEST_JOIN and _JOIN.match(text) for text in between)


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
