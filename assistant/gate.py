"""The answerability gate: does the knowledge base answer this question at all?

Knows: structural reasons to abstain (a place, a year or a thing that no passage names) and a small
calibrated model over retrieval features. Does not know any language model: it decides before one is
called. Invariant: a decision to abstain always carries a reason that can be told to the reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from assistant.evidence import Candidate, class_weight
from assistant.figures import FigureKind, find_figures
from assistant.lexicon import ConceptClass
from assistant.prompting import Excerpt, excerpts_of
from assistant.questions import Expect, Item, Question
from assistant.schema import Language, Passage
from assistant.terms import Analyser


class Reason(StrEnum):
    """Why the gate abstains."""

    PLACE = "place"
    YEAR = "year"
    MISSING = "missing"
    NOT_STATED = "not-stated"
    FAR = "far"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate found."""

    answerable: bool
    probability: float
    """That the passages answer the question, in [0, 1]."""
    reason: Reason | None
    """None when answerable."""
    missing: tuple[str, ...]
    """What the reason is about, as the reader put it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the calibrated model looks at; each in [0, 1] unless said otherwise."""

    coverage: float
    """Share of the question's weight that the best sentence and its headings cover."""
    passage_coverage: float
    """The same for the best whole passage."""
    unknown: float
    """Share of the question's weight found in no passage."""
    agreement: float
    """1 when the passage with the best cosine is also the one with the best coverage."""
    match: float
    """Best cosine with a question that a passage says it answers, rescaled: 0.8 is 0, 1 is 1."""


# Logistic regression on 268 development questions, 2026-11-24: see evals/LOG.md, "gate". The order
# is that of Features. Best cosine and its margin over the mean carried no signal beside these.
_BIAS = -2.55
_WEIGHTS = (0.01, 3.8, -1.21, 0.17, 1.26)
THRESHOLD = 0.3
"""Probability below which the gate abstains."""

_HARD = {
    ConceptClass.FUNCTION,
    ConceptClass.SECTOR,
    ConceptClass.TECHNOLOGY,
    ConceptClass.MEASURE,
    ConceptClass.ORGANISATION,
    ConceptClass.PLACE,
}
"""Classes of which every concept asked about must be named by the evidence."""

_DETAIL = {Expect.SHARE, Expect.MONEY, Expect.DURATION, Expect.FIGURE, Expect.WHEN}
"""What only a sentence with the right kind of figure can answer."""
UNSAID_LEAD = 0.1
"""How much more of the question a sentence must cover that says that something is not stated."""
_NEAR = 5
"""How many of the best sentences are looked at for what the question names."""


class Gate:
    """Decides from a question, the passages found and their ranked sentences."""

    def __init__(self, analyser: Analyser) -> None:
        """Take the index's analyser."""
        self._terms = lru_cache(maxsize=8192)(lambda text: frozenset(analyser.terms(text)))

    def decide(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Decision:
        """Return whether to answer; passages and candidates are best first."""
        if not candidates:
            return _abstain(Reason.EMPTY, 0.0)
        excerpts = excerpts_of(passages)
        probability = calibrated(self.features(question, passages, candidates))
        places = _unnamed_places(question, excerpts, candidates)
        if places:
            return _abstain(Reason.PLACE, probability, places)
        years = _unnamed_years(question, excerpts)
        if years:
            return _abstain(Reason.YEAR, probability, years)
        stated = [candidate for candidate in candidates if not candidate.not_stated]
        missing = _never_together(stated)
        if missing or _better_unsaid(candidates) or not _holds_detail(question, stated):
            unsaid = candidates[0].not_stated or any(
                candidate.not_stated and not set(missing) & set(candidate.missing)
                for candidate in candidates[:_NEAR]
            )
            reason = Reason.NOT_STATED if unsaid else Reason.MISSING
            return _abstain(reason, probability, tuple(item.text for item in missing))
        if probability < THRESHOLD:
            return _abstain(Reason.FAR, probability)
        return Decision(answerable=True, probability=probability, reason=None, missing=())

    def features(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Features:
        """Return the features of a question beside its candidates (at least one), best first."""
        listed = [[self._terms(text) for text in p.chunk.questions] for p in passages]
        weights = {item.key: class_weight(item) for item in question.items}
        total = sum(weights.values()) or 1.0
        by_passage: dict[int, set[str]] = {
            marker: set().union(*terms) for marker, terms in enumerate(listed, start=1)
        }
        for candidate in candidates:
            by_passage[candidate.marker].update(candidate.keys)
        covered = {
            marker: sum(weights[item.key] for item in question.items if item.key in keys) / total
            for marker, keys in by_passage.items()
        }
        everywhere: set[str] = set().union(*by_passage.values())
        unknown = sum(weights[i.key] for i in question.items if i.key not in everywhere) / total
        closest = max(candidates, key=lambda c: (c.cosine or 0.0, -c.marker))
        return Features(
            coverage=max(candidate.context for candidate in candidates[:5]),
            passage_coverage=max(covered.values()),
            unknown=unknown,
            agreement=float(covered[closest.marker] == max(covered.values())),
            match=max(_rescaled(passage.match) for passage in passages),
        )


def calibrated(seen: Features) -> float:
    """Return the probability that the passages answer, by logistic regression."""
    values = (
        seen.coverage,
        seen.passage_coverage,
        seen.unknown,
        seen.agreement,
        seen.match,
    )
    logit = _BIAS + sum(w * x for w, x in zip(_WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-logit))


def _rescaled(match: float | None) -> float:
    return 0.0 if match is None else max(0.0, (match - 0.8) / 0.2)


def _never_together(stated: Sequence[Candidate]) -> list[Item]:
    """Return what the question asks about that none of the best sentences names."""
    best = stated[:_NEAR]
    asked = {item for candidate in best for item in candidate.missing if item.cls in _HARD}
    return [
        item
        for item in sorted(asked, key=lambda item: item.key)
        if all(item in candidate.missing for candidate in best)
    ]


def _better_unsaid(candidates: Sequence[Candidate]) -> bool:
    """Whether "this is not stated" is about the question more than anything that is stated."""
    said = max((c.coverage for c in candidates if not c.not_stated), default=0.0)
    unsaid = max((c.coverage for c in candidates if c.not_stated), default=0.0)
    return unsaid > said + UNSAID_LEAD


def _holds_detail(question: Question, stated: Sequence[Candidate]) -> bool:
    """Whether some good sentence about the very thing holds the kind of detail asked for."""
    if question.expects not in _DETAIL:
        return True
    return any(
        candidate.fits >= 1 and not any(item.cls in _HARD for item in candidate.missing)
        for candidate in stated[: 2 * _NEAR]
    )


def _unnamed_places(
    question: Question, excerpts: Sequence[Excerpt], candidates: Sequence[Candidate]
) -> tuple[str, ...]:
    """Return the places asked about that no source covers and no sentence names."""
    named = set().union(*(candidate.keys for candidate in candidates))
    covered = " ".join(f"{e.geography} {e.title}".lower() for e in excerpts)
    return tuple(
        item.text
        for item in question.items
        if item.cls is ConceptClass.PLACE
        and item.key not in named
        and item.text.lower() not in covered
    )


def _unnamed_years(question: Question, excerpts: Sequence[Excerpt]) -> tuple[str, ...]:
    """Return the years asked about that no excerpt speaks of and none was published in."""
    if not question.years:
        return ()
    known = {int(excerpt.published[:4]) for excerpt in excerpts}
    for excerpt in excerpts:
        known |= _years_named(f"{excerpt.title}\n{excerpt.text}", excerpt.language)
    return tuple(str(year) for year in question.years if year not in known)


@lru_cache(maxsize=4096)
def _years_named(text: str, language: Language) -> frozenset[int]:
    """Return the years a passage speaks of."""
    found = find_figures(text, language)
    return frozenset(int(figure.low) for figure in found if figure.kind is FigureKind.YEAR)


def _abstain(reason: Reason, probability: float, missing: tuple[str, ...] = ()) -> Decision:
    return Decision(answerable=False, probability=probability, reason=reason, missing=missing)
