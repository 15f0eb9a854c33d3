"""The answerability gate: does the knowledge base answer this question at all?

Knows: structural reasons to abstain (a place, a year or a thing that no passage names) and a small
calibrated model over retrieval features. Does not know any language model: it decides before one is
called. Invariant: a decision to abstain always carries a reason that can be told to the reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from assistant.evidence import Candidate, class_weight
from assistant.figures import FigureKind, find_figures
from assistant.lexicon import ConceptClass
from assistant.outside import Outside
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

    passage_coverage: float
    """The same for the best whole passage."""
    unknown: float
    """Share of the question's weight found in no passage."""
    agreement: float
    """1 when the passage with the best cosine is also the one with the best coverage."""
    match: float
    """Best cosine with a question that a passage says it answers, rescaled: 0.8 is 0, 1 is 1; of
    passages that list no question, with their best sentence."""
    accord: float
    """How far the rankings agree on the first passage: its fused score over ``FULL_ACCORD``."""
    gathering: float
    """Share of the passages that come from the first one's document."""


# Logistic regression, 2026-11-24: 400 questions that sections list, each left out of the index; 400
# with their whole document left out; 364 from elsewhere; 401 development questions. See
# evals/LOG.md, "gate". The order is that of Features.
_BIAS = -3.6
_WEIGHTS = (1.7, -0.93, 0.69, 4.5, 0.0, 0.0)
THRESHOLD = 0.35
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
_HARD_FOR_DETAIL = {ConceptClass.TOPIC}
"""The same where a figure or a date is asked for: advice on one tool helps with another, a price
does not."""

_DETAIL = {Expect.SHARE, Expect.MONEY, Expect.DURATION, Expect.FIGURE, Expect.WHEN}
"""What only a sentence with the right kind of figure can answer."""
FULL_ACCORD = 0.5
"""Fused score of a passage that words, meaning and listed questions all put first."""
LEAST_MATCH = 0.36
"""Match below which a question is about something else, unless it names much that is there."""
ENOUGH_NAMED = 2.0
"""Weight of what a passage and a question both name that makes up for a poor match."""
SENTENCE_LEVEL = 0.03
"""How much lower the cosine of a question with a sentence is than with a like question."""
NO_EMBEDDER = 0.9
"""Stands for the cosine where there is no embedder: words decide alone."""
DETAIL_COVERAGE = 0.15
"""Share of the question that the sentence with the figure must cover by itself."""
SAME = 0.985
"""Cosine from which a question is the very one that a passage says it answers."""
KINDRED_COVERAGE = 0.7
"""The same of a sentence with a figure of another kind: by how much a cost fell, not the cost."""
DETAIL_NEAR = 0.7
"""How near its passage's own questions must be that it may cover less."""
UNSAID_LEAD = 0.1
"""How much more of the question a sentence must cover that says that something is not stated."""
_NEAR = 5
"""How many of the best sentences are looked at for what the question names."""


class Gate:
    """Decides from a question, the passages found and their ranked sentences."""

    def __init__(self, analyser: Analyser, outside: Outside) -> None:
        """Take the index's analyser, and what knows the questions outside."""
        self._outside = outside
        self._terms = lru_cache(maxsize=8192)(lambda text: frozenset(analyser.terms(text)))

    def decide(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Decision:
        """Return whether to answer; passages and candidates are best first."""
        if not candidates:
            return _abstain(Reason.EMPTY, 0.0)
        probability = calibrated(self.features(question, passages, candidates))
        listed = self._listed(passages)
        stated = [
            replace(
                c, missing=tuple(item for item in c.missing if item.key not in listed[c.marker])
            )
            for c in candidates
            if not c.not_stated
        ][: 2 * _NEAR]
        named = _naming_all(question, stated)
        if not named:
            lacking = _lacking(question, stated)
            places = tuple(item.text for item in lacking if item.cls is ConceptClass.PLACE)
            if places:
                return _abstain(Reason.PLACE, probability, places)
            reason = Reason.NOT_STATED if _is_unsaid(candidates, lacking) else Reason.MISSING
            return _abstain(reason, probability, tuple(item.text for item in lacking))
        dated = [c for c in named if _is_dated(question, c, passages[c.marker - 1])]
        if not dated:
            return _abstain(Reason.YEAR, probability, tuple(map(str, question.years)))
        same = any((passage.match or 0.0) >= SAME for passage in passages)
        if not same and (_better_unsaid(candidates) or not _holds_detail(question, dated)):
            reason = Reason.NOT_STATED if _is_unsaid(candidates, ()) else Reason.MISSING
            return _abstain(reason, probability)
        if probability < THRESHOLD or self._is_elsewhere(question, passages, candidates):
            return _abstain(Reason.FAR, probability)
        return Decision(answerable=True, probability=probability, reason=None, missing=())

    def _is_elsewhere(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> bool:
        """Whether a question is like none that is answered and names too little to be sure."""
        inside, outside = _match_of(passages, candidates), self._outside.match(question.text)
        if outside is not None and _rescaled(outside) > inside:
            return True
        if inside >= LEAST_MATCH:
            return False
        total = sum(class_weight(item) for item in question.items)
        covered = self.features(question, passages, candidates).passage_coverage * total
        return covered < ENOUGH_NAMED

    def _listed(self, passages: Sequence[Passage]) -> dict[int, set[str]]:
        """Return, by marker, the terms of the questions that a passage says it answers."""
        return {
            marker: set().union(*(self._terms(text) for text in passage.chunk.questions))
            for marker, passage in enumerate(passages, start=1)
        }

    def features(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Features:
        """Return the features of a question beside its candidates (at least one), best first."""
        first = passages[0].document.twin_key
        weights = {item.key: class_weight(item) for item in question.items}
        total = sum(weights.values()) or 1.0
        by_passage = self._listed(passages)
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
            passage_coverage=max(covered.values()),
            unknown=unknown,
            agreement=float(covered[closest.marker] == max(covered.values())),
            match=_match_of(passages, candidates),
            accord=min(passages[0].score / FULL_ACCORD, 1.0),
            gathering=sum(p.document.twin_key == first for p in passages) / len(passages),
        )


def calibrated(seen: Features) -> float:
    """Return the probability that the passages answer, by logistic regression."""
    values = (
        seen.passage_coverage,
        seen.unknown,
        seen.agreement,
        seen.match,
        seen.accord,
        seen.gathering,
    )
    logit = _BIAS + sum(w * x for w, x in zip(_WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-logit))


def _match_of(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> float:
    return max(_match(p, marker, candidates) for marker, p in enumerate(passages, start=1))


def _match(passage: Passage, marker: int, candidates: Sequence[Candidate]) -> float:
    """Return how near a passage's questions are, or its sentences when it lists no question."""
    if passage.chunk.questions:
        cosine = passage.match or 0.0
    else:
        own = [c.cosine for c in candidates if c.marker == marker and c.cosine is not None]
        cosine = max(own, default=NO_EMBEDDER) + SENTENCE_LEVEL
    return _rescaled(cosine)


def _rescaled(cosine: float) -> float:
    return max(0.0, (cosine - 0.8) / 0.2)


def _naming_all(question: Question, stated: Sequence[Candidate]) -> list[Candidate]:
    """Return the sentences that name, with their headings, all that an answer must name.

    The things of a comparison may stand in different sentences, as long as each stands in one.
    """
    hard = _hard(question)
    if question.expects is Expect.COMPARISON:
        found = [c for c in stated if hard - set(c.missing)]
        covered = set().union(*(hard - set(c.missing) for c in found))
        return list(stated) if covered == hard else []
    return [c for c in stated if not hard & set(c.missing)]


def _hard(question: Question) -> set[Item]:
    """Return what the evidence must name."""
    classes = _HARD | (_HARD_FOR_DETAIL if question.expects in _DETAIL else set())
    return {item for item in question.items if item.cls in classes}


def _lacking(question: Question, stated: Sequence[Candidate]) -> tuple[Item, ...]:
    """Return what an answer must name and the best sentences do not: in none, else in the best."""
    hard = _hard(question)
    best = [hard & set(c.missing) for c in stated[:_NEAR]]
    nowhere = set.intersection(*best) if best else set()
    return tuple(sorted(nowhere or (best[0] if best else ()), key=lambda item: item.key))


def _is_unsaid(candidates: Sequence[Candidate], lacking: Sequence[Item]) -> bool:
    """Whether a good sentence says that just this is not stated."""
    return any(c.not_stated and not set(lacking) & set(c.missing) for c in candidates[:_NEAR])


def _better_unsaid(candidates: Sequence[Candidate]) -> bool:
    """Whether "this is not stated" is about the question more than anything that is stated."""
    said = max((c.coverage for c in candidates if not c.not_stated), default=0.0)
    unsaid = max((c.coverage for c in candidates if c.not_stated), default=0.0)
    return unsaid > said + UNSAID_LEAD


def _holds_detail(question: Question, about: Sequence[Candidate]) -> bool:
    """Whether some good sentence about the very thing holds the kind of detail asked for."""
    if question.expects not in _DETAIL:
        return True
    measured = any(item.cls is ConceptClass.MEASURE for item in question.items)
    return any(
        (c.fits >= 1 and (c.coverage >= DETAIL_COVERAGE or c.near >= DETAIL_NEAR))
        or (measured and c.fits > 0 and c.coverage >= KINDRED_COVERAGE)
        for c in about
    )


def _is_dated(question: Question, candidate: Candidate, passage: Passage) -> bool:
    """Whether a sentence is about the years asked about: its passage's, if not yet to come."""
    said = {int(f.low) for f in candidate.figures if f.kind in {FigureKind.YEAR, FigureKind.DATE}}
    told = said | {year for year in _years_of(passage) if year <= passage.source.year}
    return set(question.years) <= told


def _years_of(passage: Passage) -> frozenset[int]:
    """Return the years a passage speaks of and the one its source is of."""
    text = f"{passage.document.title}\n{passage.chunk.text}"
    return _years_named(text, passage.document.language) | {passage.source.year}


@lru_cache(maxsize=4096)
def _years_named(text: str, language: Language) -> frozenset[int]:
    """Return the years a passage speaks of."""
    found = find_figures(text, language)
    return frozenset(int(figure.low) for figure in found if figure.kind is FigureKind.YEAR)


def _abstain(reason: Reason, probability: float, missing: tuple[str, ...] = ()) -> Decision:
    return Decision(answerable=False, probability=probability, reason=reason, missing=missing)
