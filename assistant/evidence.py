"""Evidence: how well each sentence of the retrieved passages answers a question.

Knows: the features of a sentence beside a question, and their weights. Does not decide whether the
question is answered (``gate``) nor what is shown (``composition``). Invariant: the same question and
excerpts give the same candidates in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING

from assistant.aboutness import Aboutness
from assistant.figures import Figure
from assistant.lexicon import ConceptClass
from assistant.prompting import Excerpt
from assistant.questions import Item, Question
from assistant.schema import Asked, Grade, Kind, Language
from assistant.signals import (
    ALIKE,
    STRENGTH,
    Signals,
    above,
    fitness,
    nearness,
    plenty,
    recency,
    score_of,
    standings,
)
from assistant.statements import EXCERPTS_KEPT, Statement, StatementReader
from assistant.terms import Analyser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

COMPARED_EXCERPTS = 2048
"""Excerpts whose sentences' vectors stay at hand: some 10 kB each."""

HOLDS_WITHIN = (Kind.RULE, Kind.PROGRAMME, Kind.GUIDE)
"""Kinds of documents that hold for every place inside one they name: EU law, not EU statistics."""


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
    """Likeness to the question (see ``aboutness``); None without an embedder."""
    missing: tuple[Item, ...]
    """Specific items of the question that neither sentence nor headings name."""
    asked: float | None
    """Likeness of the nearest question that it answers; None where it lists none."""
    near: float
    """How near the question its passage's own questions are, from 0 to 1."""
    grade: Grade
    """Of what it rests on."""
    published: str
    """When that was published."""
    not_stated: bool
    """Whether it says that something is not stated."""
    signals: Signals
    score: float

    @property
    def quoted(self) -> str:
        """The sentence with the marker of its passage, as an answer cites it."""
        return f"{self.text} [{self.marker}]"

    @property
    def likeness(self) -> float | None:
        """The better of its own likeness to the question and that of a question it answers."""
        known = [value for value in (self.cosine, self.asked) if value is not None]
        return max(known, default=None)

    @property
    def coverage(self) -> float:
        """Share of the question's weight that the sentence itself covers, in [0, 1]."""
        return self.signals.coverage

    @property
    def context(self) -> float:
        """The same with the sentence's headings and title."""
        return self.signals.context

    @property
    def fits(self) -> float:
        """1 when it holds the kind of thing the question expects, 0.5 when something near it."""
        return self.signals.fits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence beside a question."""

    number: int
    """Of its excerpt, from 1."""
    excerpt: Excerpt
    said: Statement
    asked: Asked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What a sentence is seen beside: all the others."""

    weights: dict[str, float]
    specific: Sequence[Item]
    """What of the question must be named."""
    near: Sequence[float]
    """By excerpt."""
    total: float
    """Of the weights, above 0."""


class EvidenceRanker:
    """Scores sentences against a question."""

    def __init__(
        self,
        analyser: Analyser,
        embeddings: CachedEmbeddings | None,
        aboutness: Aboutness | None = None,
    ) -> None:
        """Take the index's analyser and embedder, and what compares its vectors (else cosine)."""
        self._aboutness = aboutness or Aboutness()
        self._analyser = analyser
        self._statements = StatementReader(analyser)
        self._embeddings = embeddings
        # The gate and the embedded answerer rank the same evidence.
        self._ranked = lru_cache(maxsize=32)(self._rank)
        self._compared = lru_cache(maxsize=COMPARED_EXCERPTS)(self._vectors_of)

    def rank(self, question: Question, excerpts: Sequence[Excerpt]) -> list[Candidate]:
        """Return every sentence of the excerpts as a candidate, best first."""
        return self._ranked(question, tuple(excerpts))

    def read_ahead(self, excerpts: Iterable[Excerpt]) -> None:
        """Read excerpts before they are asked about; as many as are kept. Embeds nothing."""
        for excerpt in islice(excerpts, EXCERPTS_KEPT):
            said = tuple(it.text for it in self._statements.read(excerpt))
            if said and self._embeddings and not self._embeddings.count_missing(said):
                self._compared(said)

    def _rank(self, question: Question, excerpts: tuple[Excerpt, ...]) -> list[Candidate]:
        sentences = [
            sentence
            for number, excerpt in enumerate(excerpts, start=1)
            for sentence in self._sentences(number, excerpt)
        ]
        if not sentences:
            return []
        cosines = self._cosines(question.text, sentences)
        weights = item_weights(question, [it.said.named for it in sentences])
        surroundings = _Surroundings(
            weights=weights,
            total=sum(weights.values()) or 1.0,
            specific=[it for it in question.items if it.cls is not None and it.cls.specific],
            near=nearness([excerpt.match for excerpt in excerpts]),
        )
        seen = zip(
            sentences,
            cosines,
            standings(cosines),
            standings([it.asked.likeness if it.asked else None for it in sentences]),
            strict=True,
        )
        found = [self._candidate(question, surroundings, *it) for it in seen]
        return sorted(found, key=lambda c: (-c.score, c.marker, c.order))

    def _sentences(self, number: int, excerpt: Excerpt) -> Iterator[_Sentence]:
        read = self._statements.read(excerpt)
        asked = excerpt.asked if len(excerpt.asked) == len(read) else [None] * len(read)
        for said, nearest in zip(read, asked, strict=True):
            yield _Sentence(number=number, excerpt=excerpt, said=said, asked=nearest)

    def lies_in_another(self, question: Question) -> bool:
        """Whether a question names a place that lies in another one."""
        return any(self._around(item) for item in question.items)

    def _around(self, item: Item) -> frozenset[str]:
        """Return the places whose rules hold in a place."""
        return self._analyser.ruled_by(item.key)

    def _cosines(self, question: str, sentences: Sequence[_Sentence]) -> list[float | None]:
        if self._embeddings is None:
            return [None] * len(sentences)
        asked = self._aboutness.asked(self._embeddings.embed_queries([question])[0])
        likeness: list[float | None] = []
        for _, group in groupby(sentences, key=attrgetter("number")):
            likeness += (self._compared(tuple(it.said.text for it in group)) @ asked).tolist()
        return likeness

    def _vectors_of(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return what is compared of an excerpt's sentences."""
        if self._embeddings is None:
            raise AssertionError("vectors without an embedder")
        return self._aboutness.of_sentences(self._embeddings.array(sentences))

    def _candidate(
        self,
        question: Question,
        around: _Surroundings,
        sentence: _Sentence,
        cosine: float | None,
        cosine_standing: float,
        asked_standing: float,
    ) -> Candidate:
        excerpt, said, asked = sentence.excerpt, sentence.said, sentence.asked
        told, published = excerpt.evidence_at(said.start)
        grade = Grade(told)
        like = asked.likeness if asked else None
        near = around.near[sentence.number - 1]
        listed = self._statements.question_keys(asked.question) if asked else frozenset()
        missing = tuple(
            item
            for item in around.specific
            if item.key not in said.named
            and item.key not in listed
            and not (excerpt.kind in HOLDS_WITHIN and self._around(item) & said.innermost)
        )
        fits = fitness(question.expects, said.figures, said.keys, excerpt.kind)
        signals = Signals(
            coverage=_share(around, said.keys),
            context=_share(around, said.named),
            cosine=cosine_standing,
            asked=asked_standing,
            asked_near=max(like or 0.0, 0.0),
            asked_words=_share(around, listed),
            fits=fits,
            missing=len(missing) * (1.0 - near),
            rank=1.0 / sentence.number,
            foreign=float(excerpt.language is not question.language),
            unsaid=float(said.not_stated or said.text.endswith(("?", "？"))),
            near=near,
            alike=above(excerpt.match, ALIKE) * near,
            figures=(fits > 0) * plenty(said.figures),
            strength=STRENGTH[grade],
            recency=recency(published),
            order=said.order * float(near > 0),
            length=said.overlength,
        )
        return Candidate(
            marker=sentence.number,
            listed=said.listed,
            order=said.order,
            text=said.text,
            language=excerpt.language,
            section=excerpt.section,
            title=excerpt.title,
            keys=said.keys,
            figures=said.figures,
            cosine=cosine,
            asked=like,
            near=near,
            grade=grade,
            published=published,
            missing=missing,
            not_stated=said.not_stated,
            signals=signals,
            score=score_of(signals),
        )


def class_weight(item: Item) -> float:
    """Return how much an item counts by what it is."""
    return _CLASS_WEIGHT[item.cls] if item.cls else item.weight


def _share(around: _Surroundings, keys: frozenset[str]) -> float:
    """Return how much of a question's weight some terms cover, in [0, 1]."""
    return sum(weight for key, weight in around.weights.items() if key in keys) / around.total


def item_weights(question: Question, sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Return how much each item of a question counts: by class, more when few sentences have it."""
    total = len(sentences) + 1
    weights = {}
    for item in question.items:
        holding = sum(item.key in keys for keys in sentences)
        rarity = math.log(total / (holding + 0.5)) / math.log(2 * total)
        weights[item.key] = class_weight(item) * (0.25 + max(rarity, 0.0))
    return weights
