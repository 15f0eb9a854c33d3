"""Signals: what speaks for or against a sentence as the answer to a question, and how much.

Knows: each signal of a sentence beside a question, and the fitted weights. Does not know how a
sentence is found or what is shown. Invariant: the score is the weighted sum of the signals alone,
so that ``evals.train_ranking`` can fit the weights to questions with a known answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter, mul

from assistant.expectations import Expect
from assistant.figures import Figure, FigureKind
from assistant.schema import Grade, Kind

COMFORTABLE_WORDS, COMFORTABLE_CHARACTERS = 18, 36
"""Length of a sentence that is pleasant to read, in English words and in Chinese characters."""
MANY_FIGURES = 4
"""Figures of a sentence from which more of them say no more."""
OLDEST, NEWEST = 2019, 2026
"""Years of publication between which newer is better."""
TRUSTED_FROM, TRUSTED_OVER = 0.84, 0.08
"""Cosine from which the nearest listed question says anything, and the span to full trust."""
ALIKE = 0.95
"""Cosine from which a question is nearly the very one that a passage says it answers."""

STRENGTH = {
    Grade.OFFICIAL_STATISTIC: 1.0,
    Grade.LAW: 1.0,
    Grade.PEER_REVIEWED: 0.9,
    Grade.OFFICIAL_GUIDANCE: 0.8,
    Grade.SURVEY: 0.7,
    Grade.COMPANY_CASE: 0.5,
    Grade.EDITORIAL: 0.5,
    Grade.OWN_DOCUMENT: 0.5,
    Grade.VENDOR: 0.3,
    Grade.AI_GENERATED: 0.0,
}
"""Between sentences that answer alike, the better evidence goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is seen of a sentence; each in [0, 1] unless said otherwise."""

    coverage: float
    """Share of the question's weight that the sentence itself covers."""
    context: float
    """The same with the sentence's headings and title."""
    cosine: float
    """Where its likeness to the question stands between the mean (0) and the best (1) of all."""
    asked: float
    """Where the nearest question that it answers stands, from the mean to the best of all."""
    asked_near: float
    """How near that question is: the very same is 1."""
    asked_words: float
    """Share of the question's weight that the nearest of those questions covers."""
    fits: float
    """1 when it holds the kind of thing the question expects, 0.5 when something near it."""
    missing: float
    """Specific things it lacks, in things, less where its passage lists a question like this."""
    rank: float
    """1 over the rank of its passage."""
    foreign: float
    """1 when it is in another language than the question."""
    unsaid: float
    """1 when it says that something is not stated, or asks something itself."""
    near: float
    """How near the question its passage's questions are, beside those of the others."""
    alike: float
    """How near being the very same one of them is."""
    figures: float
    """How many figures it holds, where one is asked for: ``MANY_FIGURES`` is 1."""
    strength: float
    """Of its evidence."""
    recency: float
    """How new its source is."""
    order: float
    """Its place in a passage that lists a question like this, from 0."""
    length: float
    """How much longer it is than comfortable, in comfortable lengths."""


_values = attrgetter(*(field.name for field in fields(Signals)))


def values_of(signals: Signals) -> tuple[float, ...]:
    """Return the values in the order of the fields."""
    return tuple(_values(signals))


# Fitted 2026-11-27 so that the sentence that answers comes before the others: pairwise logistic on
# 1,239 development questions, ten folds: first .797, among three .940; foreign, unsaid, strength,
# recency and length by hand. To fit anew, run: python -m evals.train_ranking
WEIGHTS = Signals(
    coverage=0.53,
    context=0.81,
    cosine=1.76,
    asked=2.5,
    asked_near=0.86,
    asked_words=1.05,
    fits=0.66,
    missing=-0.84,
    rank=0.9,
    foreign=-1.0,
    unsaid=-0.6,
    near=0.88,
    alike=0.14,
    figures=0.27,
    strength=0.15,
    recency=0.2,
    order=-0.19,
    length=-0.05,
)


_WEIGHED = values_of(WEIGHTS)


def score_of(signals: Signals) -> float:
    """Return how well a sentence answers; comparable only within one question."""
    return float(sum(map(mul, _WEIGHED, values_of(signals))))


def standings(values: Sequence[float | None]) -> list[float]:
    """Return where values stand between the mean (0) and the best (1) of those that are known."""
    known = [value for value in values if value is not None]
    mean, best = (sum(known) / len(known), max(known)) if known else (0.0, 0.0)
    if best <= mean:
        return [0.0] * len(values)
    return [0.0 if value is None else (value - mean) / (best - mean) for value in values]


def nearness(matches: Sequence[float]) -> list[float]:
    """Return how near each passage's own questions are, from 0 (mean or below) to 1 (best).

    Args:
        matches: cosine of each passage's nearest question, 0 where it lists none.
    """
    known = [match for match in matches if match]
    if not known:
        return [0.0] * len(matches)
    best, mean = max(known), sum(known) / len(known)
    spread = max(best - mean, 0.02)
    # A match that is best but poor says little.
    trust = min(max((best - TRUSTED_FROM) / TRUSTED_OVER, 0.0), 1.0)
    return [trust * min(max((match - mean) / spread, 0.0), 1.0) for match in matches]


def above(value: float, floor: float) -> float:
    """Return where a cosine stands between a floor (0) and 1."""
    return min(max((value - floor) / (1.0 - floor), 0.0), 1.0)


def recency(published: str) -> float:
    """Return how new a source is, from 0 for ``OLDEST`` and before to 1 for ``NEWEST``."""
    return min(max((int(published[:4]) - OLDEST) / (NEWEST - OLDEST), 0.0), 1.0)


def overlength(text: str) -> float:
    """Return how much longer a sentence is than comfortable, in comfortable lengths."""
    han = sum("\u4e00" <= char <= "\u9fff" for char in text)
    lengths = len(text.split()) / COMFORTABLE_WORDS, han / COMFORTABLE_CHARACTERS
    return max(0.0, max(lengths) - 1.0)


def plenty(figures: Sequence[Figure]) -> float:
    """Return how many figures beside years a sentence holds, 1 for many."""
    told = [figure for figure in figures if figure.kind is not FigureKind.YEAR]
    return min(len(told) / MANY_FIGURES, 1.0)


_QUANTITIES = {FigureKind.PERCENT, FigureKind.COUNT, FigureKind.MULTIPLE, FigureKind.POINTS}


def fitness(expects: Expect, figures: Sequence[Figure], keys: frozenset[str], kind: str) -> float:
    """Return how far a sentence holds the kind of thing expected; not where kinds have no mark."""
    kinds = {figure.kind for figure in figures}
    match expects:
        case Expect.SHARE | Expect.COMPARISON:
            return float(bool(kinds & _QUANTITIES))
        case Expect.MONEY:
            return 1.0 if FigureKind.MONEY in kinds else 0.5 * ("@cost" in keys and bool(kinds))
        case Expect.DURATION:
            return float(FigureKind.DURATION in kinds)
        case Expect.FIGURE:
            return float(bool(kinds - {FigureKind.YEAR}))
        case Expect.WHEN:
            return float(bool(kinds & {FigureKind.YEAR, FigureKind.DATE}))
        case Expect.REASONS:
            return float("@reason" in keys)
        case Expect.STEPS:
            return float("@advice" in keys or kind == Kind.GUIDE)
        case _:
            return 0.0
