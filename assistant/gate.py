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

from assistant.evidence import Candidate, item_weights
from assistant.figures import FigureKind, find_figures
from assistant.lexicon import ConceptClass
from assistant.prompting import Excerpt
from assistant.questions import Expect, Item, Question
from assistant.schema import Language


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
    cosine: float
    """Best sentence's cosine with the question; 0.85 without an embedder."""
    margin: float
    """How far the best cosine stands above the mean, in cosine (about 0 to 0.1)."""
    agreement: float
    """1 when the passage with the best cosine is also the one with the best coverage."""


# Logistic regression on 133 development questions, 2026-11-23: see evals/LOG.md, "gate". The order
# is that of Features. Cosine and margin carried no signal there and are weighted nothing for now.
_BIAS = -2.35
_WEIGHTS = (3.25, 1.51, -0.08, 0.0, 0.0, 0.89)
THRESHOLD = 0.5
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
_NEAR = 5
"""How many of the best sentences are looked at for what the question names."""


class Gate:
    """Decides from a question, the excerpts and their ranked sentences."""

    def decide(
        self, question: Question, excerpts: Sequence[Excerpt], candidates: Sequence[Candidate]
    ) -> Decision:
        """Return whether to answer; candidates are best first."""
        if not candidates:
            return _abstain(Reason.EMPTY, 0.0)
        probability = calibrated(features(question, candidates))
        places = _unnamed_places(question, excerpts, candidates)
        if places:
            return _abstain(Reason.PLACE, probability, places)
        years = _unnamed_years(question, excerpts)
        if years:
            return _abstain(Reason.YEAR, probability, years)
        stated = [candidate for candidate in candidates if not candidate.not_stated]
        missing = _never_together(stated)
        if missing or not _holds_detail(question, stated):
            unsaid = candidates[0].not_stated or any(
                candidate.not_stated and not set(missing) & set(candidate.missing)
                for candidate in candidates[:_NEAR]
            )
            reason = Reason.NOT_STATED if unsaid else Reason.MISSING
            return _abstain(reason, probability, tuple(item.text for item in missing))
        if probability < THRESHOLD:
            return _abstain(Reason.FAR, probability)
        return Decision(answerable=True, probability=probability, reason=None, missing=())


def features(question: Question, candidates: Sequence[Candidate]) -> Features:
    """Return the features of a question beside its candidates (at least one), best first."""
    weights = item_weights(question, [candidate.keys for candidate in candidates])
    total = sum(weights.values()) or 1.0
    by_passage: dict[int, set[str]] = {}
    for candidate in candidates:
        by_passage.setdefault(candidate.marker, set()).update(candidate.keys)
    covered = {
        marker: sum(weights[item.key] for item in question.items if item.key in keys) / total
        for marker, keys in by_passage.items()
    }
    everywhere: set[str] = set().union(*by_passage.values())
    unknown = sum(weights[i.key] for i in question.items if i.key not in everywhere) / total
    cosines = [c.cosine for c in candidates if c.cosine is not None]
    closest = max(candidates, key=lambda c: (c.cosine or 0.0, -c.marker))
    return Features(
        coverage=max(candidate.context for candidate in candidates[:5]),
        passage_coverage=max(covered.values()),
        unknown=unknown,
        cosine=max(cosines, default=0.85),
        margin=max(cosines) - sum(cosines) / len(cosines) if cosines else 0.04,
        agreement=float(covered[closest.marker] == max(covered.values())),
    )


def calibrated(seen: Features) -> float:
    """Return the probability that the passages answer, by logistic regression."""
    values = (
        seen.coverage,
        seen.passage_coverage,
        seen.unknown,
        seen.cosine,
        seen.margin,
        seen.agreement,
    )
    logit = _BIAS + sum(w * x for w, x in zip(_WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-logit))


def _never_together(stated: Sequence[Candidate]) -> list[Item]:
    """Return what the question asks about that none of the best sentences names."""
    best = stated[:_NEAR]
    asked = {item for candidate in best for item in candidate.missing if item.cls in _HARD}
    return [
        item
        for item in sorted(asked, key=lambda item: item.key)
        if all(item in candidate.missing for candidate in best)
    ]


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
