"""Evidence: how well each sentence of the retrieved passages answers a question.

Knows: the features of a sentence beside a question, and their weights. Does not decide whether the
question is answered (``gate``) nor what is shown (``composition``). Invariant: the same question and
excerpts give the same candidates in the same order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.figures import Figure, FigureKind, find_figures
from assistant.lexicon import ConceptClass
from assistant.markdown import quotable_spans
from assistant.prompting import Excerpt
from assistant.questions import Expect, Item, Question
from assistant.schema import Grade, Kind, Language
from assistant.terms import Analyser

if TYPE_CHECKING:
    from assistant.embeddings import CachedEmbeddings

# How much a question's item counts, by its class; a plain word counts 1.
_CLASS_WEIGHT = {
    ConceptClass.FRAME: 0.15,
    ConceptClass.FIGURE: 0.3,
    ConceptClass.ACTION: 0.6,
    ConceptClass.TOPIC: 1.2,
    ConceptClass.BARRIER: 1.6,
    ConceptClass.FUNCTION: 1.6,
    ConceptClass.SECTOR: 1.6,
    ConceptClass.TECHNOLOGY: 1.6,
    ConceptClass.MEASURE: 1.6,
    ConceptClass.ORGANISATION: 1.6,
    ConceptClass.PLACE: 1.6,
}
# Weights of a candidate's features. Fitted 2026-11-24 so that the sentence with the figure asked for
# comes before the others (255 questions of the dev parts of evals/cases, pairwise logistic), with the
# weights of grade, date, language and "not stated", which those questions say nothing of, by hand.
_COVERAGE, _CONTEXT, _COSINE, _FIT, _MISSING, _RANK, _FOREIGN = 0.6, 0.7, 0.9, 1.1, 0.6, 0.85, 1.0
_NEGATIVE, _LENGTH, _MATCH, _ALIKE, _ORDER, _FIGURES = 0.6, 0.2, 0.55, 0.6, 0.12, 0.7
MANY_FIGURES = 4
"""Figures of a sentence from which more of them say no more."""

ALIKE = 0.95
"""Cosine from which a question is nearly the very one that a passage says it answers."""
_GRADE, _RECENCY = 0.3, 0.2
_STRENGTH = {
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

_ITEM = re.compile(r"(^|\n)\s*(?:[-*+]|\d{1,3}[.)])\s+\Z")
_NOT_STATED = re.compile(
    r"\b(does not|do not|did not|doesn't|gives? no|names? no|states? no|not) "
    r"(say|state|give|name|disclose|mention|report|publish|reveal)?(ed|d)?\b.{0,60}"
    r"|\b(undisclosed|unstated|not (stated|disclosed|given|named|known|published))\b"
    r"|没有(说明|给出|披露|提供|注明|列出|公布|点名|指明)|未(说明|给出|披露|提供|注明|列出|公布|点名|提及|指明)|并未",
    re.IGNORECASE,
)
_DISCLOSURE = re.compile(
    r"\b(say|state|stated|give|given|gives|name|named|names|disclose\w*|mention\w*|publish\w*|reveal\w*|undisclosed|unstated)\b"
    r"|说明|给出|披露|提供|注明|列出|公布|点名|提及|指明",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence that might answer."""

    marker: int
    """Number of its excerpt, from 1."""
    listed: bool
    """Whether it is an item of a list."""
    order: int
    """Place among its excerpt's sentences, from 0."""
    text: str
    language: Language
    section: str
    title: str
    keys: frozenset[str]
    """Terms and concepts of the sentence."""
    figures: tuple[Figure, ...]
    cosine: float | None
    """With the question; None without an embedder."""
    coverage: float
    """Share of the question's weight that the sentence itself covers, in [0, 1]."""
    context: float
    """The same with the sentence's headings and title."""
    missing: tuple[Item, ...]
    """Specific items of the question that neither sentence nor headings name."""
    near: float
    """How near the question its passage's own questions are, from 0 to 1."""
    fits: float
    """1 when it holds the kind of thing the question expects, 0.5 when something near it, else 0."""
    not_stated: bool
    """Whether it says that something is not stated."""
    score: float


class EvidenceRanker:
    """Scores sentences against a question."""

    def __init__(self, analyser: Analyser, embeddings: CachedEmbeddings | None) -> None:
        """Take the index's analyser and embedder."""
        self._analyser = analyser
        self._embeddings = embeddings
        # The gate and the embedded answerer rank the same evidence; sentences come back often.
        self._ranked = lru_cache(maxsize=32)(self._rank)
        self._spans = lru_cache(maxsize=4096)(quotable_spans)
        self._figures = lru_cache(maxsize=16384)(lambda text: tuple(find_figures(text)))

    def rank(self, question: Question, excerpts: Sequence[Excerpt]) -> list[Candidate]:
        """Return every sentence of the excerpts as a candidate, best first."""
        return self._ranked(question, tuple(excerpts))

    def _rank(self, question: Question, excerpts: tuple[Excerpt, ...]) -> list[Candidate]:
        rows = [
            (number, order, excerpt, start, end)
            for number, excerpt in enumerate(excerpts, start=1)
            for order, (start, end) in enumerate(self._spans(excerpt.text))
        ]
        if not rows:
            return []
        texts = [excerpt.text[start:end] for _, _, excerpt, start, end in rows]
        keys = [self._keys(text) for text in texts]
        frames = {number: self._frame(e) for number, e in enumerate(excerpts, start=1)}
        cosines = self._cosines(question.text, texts)
        nearness = _nearness(excerpts)
        weights = item_weights(question, [keys[i] | frames[rows[i][0]] for i in range(len(rows))])
        found = [
            self._candidate(
                question, weights, row, keys[i], frames[row[0]], cosines[i], cosines, nearness
            )
            for i, row in enumerate(rows)
        ]
        return sorted(found, key=lambda c: (-c.score, c.marker, c.order))

    def _frame(self, excerpt: Excerpt) -> frozenset[str]:
        """Return the terms that hold for every sentence of an excerpt.

        A document on several places says nothing about which of them a sentence is about, unless
        one holds the others.
        """
        whole = "\n".join((excerpt.title, excerpt.geography, excerpt.publisher))
        around = set(self._analyser.terms(whole))
        places = {key for key in around if key.startswith("@place-")}
        outermost = {place for place in places if not self._analyser.containers([place]) & places}
        if len(outermost) > 1:
            around -= places
        around |= self._analyser.containers(around & places)
        return frozenset(around | self._keys(excerpt.section))

    def _keys(self, text: str) -> frozenset[str]:
        """Return the terms of a text, with the places that hold the places it names."""
        terms = self._analyser.terms(text)
        return self._analyser.containers(terms) | frozenset(terms)

    def _cosines(self, question: str, sentences: Sequence[str]) -> list[float | None]:
        if self._embeddings is None:
            return [None] * len(sentences)
        vector = self._embeddings.embed_queries([question])[0]
        return [float(value) for value in self._embeddings.array(list(sentences)) @ vector]

    def _candidate(
        self,
        question: Question,
        weights: dict[str, float],
        row: tuple[int, int, Excerpt, int, int],
        keys: frozenset[str],
        frame: frozenset[str],
        cosine: float | None,
        cosines: Sequence[float | None],
        nearnesses: Sequence[float],
    ) -> Candidate:
        number, order, excerpt, start, end = row
        text = excerpt.text[start:end]
        nearness = nearnesses[number - 1]
        same = min(max(((excerpt.match or 0.0) - ALIKE) / (1.0 - ALIKE), 0.0), 1.0)
        total = sum(weights.values()) or 1.0
        figures = self._figures(text)
        keys |= _measured(figures)
        inside = sum(weights[item.key] for item in question.items if item.key in keys) / total
        around = sum(weights[i.key] for i in question.items if i.key in keys | frame) / total
        missing = tuple(
            item
            for item in question.items
            if item.cls is not None and item.cls.specific and item.key not in keys | frame
        )
        fits = _fits(question.expects, figures, keys, excerpt.kind)
        not_stated = bool(_NOT_STATED.search(text) and _DISCLOSURE.search(text))
        score = (
            _COVERAGE * inside
            + _CONTEXT * around
            + _COSINE * _standing(cosine, cosines)
            + _FIT * fits
            - _MISSING * len(missing) * (1.0 - nearness)
            + _RANK / number
            - _FOREIGN * (excerpt.language is not question.language)
            - _NEGATIVE * (not_stated or text.endswith(("?", "？")))
            + (_MATCH + _ALIKE * same) * nearness
            + _FIGURES * (fits > 0) * _plenty(figures)
            + _GRADE * _STRENGTH[Grade(excerpt.grade)]
            + _RECENCY * _recency(excerpt.published)
            - _ORDER * order * (nearness > 0)
            - _LENGTH * max(0.0, _length(text) - 1.0)
        )
        return Candidate(
            marker=number,
            listed=bool(_ITEM.search(excerpt.text, max(0, start - 6), start)),
            order=order,
            text=text,
            language=excerpt.language,
            section=excerpt.section,
            title=excerpt.title,
            keys=keys,
            figures=figures,
            cosine=cosine,
            coverage=inside,
            context=around,
            missing=missing,
            near=nearness,
            fits=fits,
            not_stated=not_stated,
            score=score,
        )


def class_weight(item: Item) -> float:
    """Return how much an item counts by what it is."""
    return _CLASS_WEIGHT[item.cls] if item.cls else item.weight


def item_weights(question: Question, sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return how much each item of a question counts: by class, more when few sentences have it."""
    total = len(sentences) + 1
    weights = {}
    for item in question.items:
        holding = sum(item.key in keys for keys in sentences)
        rarity = math.log(total / (holding + 0.5)) / math.log(2 * total)
        weights[item.key] = class_weight(item) * (0.25 + max(rarity, 0.0))
    return weights


def _recency(published: str) -> float:
    """Return how new a source is, from 0 for 2019 and before to 1 for 2026."""
    return min(max((int(published[:4]) - 2019) / 7, 0.0), 1.0)


def _nearness(excerpts: Sequence[Excerpt]) -> list[float]:
    """Return how near each excerpt's own questions are, from 0 (mean or below) to 1 (best)."""
    known = [excerpt.match for excerpt in excerpts if excerpt.match]
    if not known:
        return [0.0] * len(excerpts)
    best, mean = max(known), sum(known) / len(known)
    spread = max(best - mean, 0.02)
    # A match that is best but poor says little.
    trust = min(max((best - 0.84) / 0.08, 0.0), 1.0)
    return [trust * min(max((e.match - mean) / spread, 0.0), 1.0) for e in excerpts]


def _length(text: str) -> float:
    """Return a sentence's length, 1.0 for a comfortable one (18 English words, 36 characters)."""
    return max(len(text.split()) / 18, sum("\u4e00" <= char <= "\u9fff" for char in text) / 36)


def _standing(cosine: float | None, cosines: Sequence[float | None]) -> float:
    """Return where a cosine stands between the mean (0) and the best (1) of all."""
    known = [value for value in cosines if value is not None]
    if cosine is None or not known:
        return 0.0
    mean, best = sum(known) / len(known), max(known)
    return (cosine - mean) / (best - mean) if best > mean else 0.0


def _measured(figures: Sequence[Figure]) -> frozenset[str]:
    """Return the concepts that a figure stands for without naming them."""
    return frozenset(_MEASURED[figure.kind] for figure in figures if figure.kind in _MEASURED)


_MEASURED = {
    FigureKind.PERCENT: "@share",
    FigureKind.MONEY: "@cost",
    FigureKind.DURATION: "@duration",
}
_QUANTITIES = {FigureKind.PERCENT, FigureKind.COUNT, FigureKind.MULTIPLE, FigureKind.POINTS}


def _plenty(figures: Sequence[Figure]) -> float:
    """Return how many figures beside years a sentence holds, 1 for many."""
    told = [figure for figure in figures if figure.kind is not FigureKind.YEAR]
    return min(len(told) / MANY_FIGURES, 1.0)


def _fits(expects: Expect, figures: Sequence[Figure], keys: frozenset[str], kind: str) -> float:
    """How far a sentence holds the kind of thing expected; kinds without a mark never fit."""
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
