"""Rivals: what other sources say on the same thing with another figure.

Knows: when two sentences measure the same and differ. Does not know how an answer is laid out.
Invariant: a rival is hardly less like the question than the leading sentence, and measures it too.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Candidate, class_weight
from assistant.figures import Figure, FigureKind, same_figure
from assistant.lexicon import ConceptClass
from assistant.questions import Expect, Question
from assistant.schema import Grade

MOST_RIVALS = 5
"""Sentences shown beside the leading one."""
WEAKEST = Grade.AI_GENERATED
"""Grade of what names no survey: the last to be believed."""
RIVAL_SLACK = 1.6
"""How far below the leading sentence's score another source's figure on the same may be."""
RIVAL_COVERAGE = 0.9
"""Share of what the leading sentence covers of the question that the other must cover."""

PLAIN_SLACK, PLAIN_COVERAGE = 3.2, 0.7
"""The same where the question names nothing but firms, AI and use, and one of the two names no
survey: what does is shown beside it."""
RIVAL_LIKENESS = 0.13
"""How much less like the question than the leading sentence a rival may be (``aboutness``)."""
RIVAL_ITEMS = 2
"""Things a question must name for amounts of two sources to be the price of the same."""

MEASURED = {Expect.SHARE, Expect.MONEY, Expect.FIGURE}
_SAID_BY_ALL = {ConceptClass.FRAME, ConceptClass.FIGURE, ConceptClass.ACTION}
"""Classes of what every source on the use of AI speaks of."""


def rivals_of(
    question: Question, lead: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return what other documents say on the same thing with another figure, best first."""
    about = [item for item in question.items if class_weight(item) >= 1]
    if not (question.expects in MEASURED or question.figures) or not measured(lead):
        return []
    if question.expects is Expect.MONEY and len(about) < RIVAL_ITEMS:
        return []
    found: dict[str, Candidate] = {}
    plain = _plain(question)
    for candidate in candidates:
        wide = plain and (lead.grade is WEAKEST) != (candidate.grade is WEAKEST)
        slack, coverage = (PLAIN_SLACK, PLAIN_COVERAGE) if wide else (RIVAL_SLACK, RIVAL_COVERAGE)
        rival = (
            (candidate.title != lead.title or _of_another_source(candidate, lead))
            and candidate.language is lead.language
            and is_near(candidate, lead, RIVAL_LIKENESS)
            and candidate.score >= lead.score - slack
            and candidate.coverage >= coverage * lead.coverage
            and not set(candidate.missing) - set(lead.missing)
            and measured(candidate)
            and not _same_measure(lead, candidate)
        )
        if rival:
            # Of one document as many as it has sources, of another the best alone.
            key = candidate.published if candidate.title == lead.title else ""
            found.setdefault(f"{candidate.title} {key}", candidate)
    return list(found.values())[:MOST_RIVALS]


def _of_another_source(candidate: Candidate, lead: Candidate) -> bool:
    """Whether a section that compares sources tells this sentence of another one."""
    told = (candidate.grade, candidate.published) != (lead.grade, lead.published)
    return told and candidate.marker == lead.marker


def _plain(question: Question) -> bool:
    """Whether a question asks for the use of AI alone, of no year."""
    return not question.years and all(
        item.cls is None or item.cls in _SAID_BY_ALL for item in question.items
    )


def is_near(candidate: Candidate, lead: Candidate, slack: float) -> bool:
    """Whether a sentence is hardly less like the question than the leading one."""
    if candidate.likeness is None or lead.likeness is None:
        return True
    return candidate.likeness >= lead.likeness - slack


def measured(candidate: Candidate) -> list[Figure]:
    """Return the figures of a sentence that measure something: counts, years and dates do not."""
    kinds = {FigureKind.PERCENT, FigureKind.MONEY, FigureKind.POINTS, FigureKind.MULTIPLE}
    return [figure for figure in candidate.figures if figure.kind in kinds]


def _same_measure(one: Candidate, other: Candidate) -> bool:
    return any(same_figure(a, b) for a in measured(one) for b in measured(other))
