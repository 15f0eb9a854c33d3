"""Comparing: a sentence for each of the things that a question sets side by side.

Knows: which things are compared, and by what. Does not change a word of what it quotes. Invariant:
every row is a verbatim sentence with its marker, and none stands twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant import wording
from assistant.coordination import Named, alternatives
from assistant.evidence import Candidate
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.questions import Item, Question

_COMPARED = {
    ConceptClass.FUNCTION,
    ConceptClass.BARRIER,
    ConceptClass.TECHNOLOGY,
    ConceptClass.SECTOR,
    ConceptClass.TOPIC,
}


def table(question: Question, rows: Sequence[tuple[Item, Candidate]]) -> Iterator[str]:
    """Yield a comparison, one row for each thing compared."""
    left, right = wording.TABLE_HEAD[question.language]
    yield f"| {left} | {right} |\n|---|---|\n"
    for item, candidate in rows:
        yield f"| {question.as_typed(item)} | {candidate.quoted} |\n"


def compared_in(
    question: Question, candidates: Sequence[Candidate]
) -> list[tuple[Item, Candidate]] | None:
    """Return a sentence for each thing compared, or None when one sentence says it all."""
    compared = [
        item
        for item in question.items
        if item.cls in _COMPARED and any(item.key in candidate.keys for candidate in candidates)
    ]
    kinds = [Named(item.text, str(item.cls)) for item in compared]
    beside = alternatives(normalise(question.text), kinds)
    if len(beside) > 1:
        # "Chatgpt, claude or copilot for an accounting practice" compares three things, not four.
        compared = [it for it in compared if any(it.text in text for text in beside)]
    # One word may name two concepts: a chatbot is no alternative to a chatbot.
    first: dict[str, Item] = {}
    for item in compared:
        first.setdefault(item.text, item)
    compared = list(first.values())
    if len(compared) < 2:
        return None
    keys = {item.key for item in compared}
    if any(keys <= candidate.keys and candidate.figures for candidate in candidates[:3]):
        return None
    by = {it.key for it in question.items if it.cls and it.cls.specific} - keys
    rows: list[tuple[Item, Candidate]] = []
    for item in compared[:4]:
        said = [row for _, row in rows]
        # A bar would open another cell.
        holding = [
            c for c in candidates if item.key in c.keys and c not in said and "|" not in c.text
        ]
        if holding:
            # What they are compared by ("which is cheaper") counts before being the first found.
            best = max(holding, key=lambda c: (c.fits > 0, len(by & c.keys)))
            rows.append((item, best))
    return rows if len(rows) > 1 else None
