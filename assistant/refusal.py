"""Refusal: why a question is not answered, in terms of what it names.

Knows: what the sentences that were found lack of a question. Does not know how sure the gate is.
Invariant: nothing is said to be missing that one of those sentences names.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from assistant.evidence import Candidate
from assistant.lexicon import ConceptClass
from assistant.questions import Item, Question


class Reason(StrEnum):
    """Why the gate abstains."""

    PLACE = "place"
    YEAR = "year"
    MISSING = "missing"
    APART = "apart"
    NOT_STATED = "not-stated"
    FAR = "far"
    EMPTY = "empty"


def lacking(
    question: Question, items: Collection[Item], candidates: Sequence[Candidate]
) -> tuple[Reason, tuple[str, ...]]:
    """Return why none of the sentences will do, and the things that it is about, as typed.

    Args:
        question: as read.
        items: those of its things that a sentence has to name.
        candidates: the sentences; each lacks some of the items if the reason is to be one of them.
    """
    named = [item for item in question.items if item in items]
    nowhere = [item for item in named if all(item in c.missing for c in candidates)]
    places = [item for item in nowhere if item.cls is ConceptClass.PLACE]
    if nowhere:
        return (Reason.PLACE if places else Reason.MISSING), _typed(question, places or nowhere)
    things = _typed(question, named)
    apart = len(things) > 1 and all(any(item in c.missing for item in named) for c in candidates)
    return (Reason.APART, things) if apart else (Reason.FAR, ())


def _typed(question: Question, items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(question.as_typed, items)))
