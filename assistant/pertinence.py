"""Pertinence: which sentences speak of the very places and names that a question names.

Knows: the items of a question that no other thing can stand for. Does not know how well a sentence
answers. Invariant: a sentence about another country or another firm is never pertinent.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Candidate
from assistant.questions import Expect, Item, Question


def owned(question: Question) -> set[Item]:
    """Return the places and names of a question."""
    return {item for item in question.items if item.own}


def pertinent(question: Question, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that name every place and name asked about, in order.

    Several of one class may stand in different sentences ("Germany or Spain", "Klarna and
    McDonald's"): then each sentence must name one of them, and each of them must be named.
    """
    own = owned(question)
    if not own:
        return list(candidates)
    left = [c for c in candidates if not own & set(c.missing)]
    several = len(own) > 1 and (
        question.expects is Expect.COMPARISON or len({item.cls for item in own}) == 1
    )
    if not several:
        return left
    naming = [c for c in candidates if own - set(c.missing)]
    named = set().union(*(own - set(c.missing) for c in naming))
    return naming if named == own else left
