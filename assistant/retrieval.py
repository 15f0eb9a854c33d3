"""Retrieval: a question in, ranked passages out.

Knows: how the rankings of one language are fused, how languages share the list, how translations
and near-duplicates fold. Does not know whether the passages answer the question (``gate``).
Invariant: ranks run from 1 without gaps, and no two passages are translations of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from assistant.aboutness import Aboutness
from assistant.chunking import sentence_spans
from assistant.index import Index
from assistant.language import detect_language
from assistant.schema import Asked, Chunk, Filters, Language, ListedQuestion, Passage
from assistant.sources import section_source
from assistant.terms import Analyser, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

# All four constants: XQuAD development part, 240 paragraphs and 601 questions, 2026-11-23. Recall@5
# with these values: en-en 1.000, zh-zh .998, zh-en .950, en-zh .948 (passage vectors alone, without
# centring: .995, .977, .902, .935).
CENTRING = 0.45
"""Share of the language's mean vector taken from the query, so that passages near everything
(hubs) do not crowd out the right one."""
SENTENCE_WEIGHT = 0.5
"""Weight of a passage's best sentence beside the passage itself, as cosine."""
DAMPING = 5
"""Ranks; the k of reciprocal-rank fusion. Lists are short and their tops good, so it is small."""
CROSS_LEXICAL_WEIGHT = 0.2
"""Weight of BM25 where question and passages are in different languages: names, figures and
concepts still meet, ordinary words do not."""

QUESTION_WEIGHT = 1.0
"""Weight of the ranking by the questions that passages say they answer."""

ALIKE, ALIKE_WEIGHT = 0.93, 0.4
"""Cosine from which a question is nearly one that a passage says it answers, and what is added to
the passage's fused score when it is the very same."""

WHOLE_LIKENESS = 0.95
"""Likeness (see ``aboutness``) from which a question is one that a section answers as a whole: each
of its sentences does then."""
LIKENESSES = 3
"""How many of the nearest questions a passage answers are told of."""
LETTERS_KEPT = 1024
"""Texts of which the letters stay at hand."""
POOL = 40
"""How many passages each ranking contributes."""
OTHER_LANGUAGE_EVERY = 3
"""One place in so many goes to the language that was not asked in, where it has no translation."""


class Retriever(Protocol):
    """Finds passages for a question."""

    def retrieve(self, query: str, k: int, filters: Filters | None = None) -> list[Passage]:
        """Return at most ``k`` passages, best first; an empty list when nothing matches."""
        ...


class HybridRetriever:
    """Dense and BM25 rankings per language, fused by reciprocal rank."""

    def __init__(
        self,
        *,
        index: Callable[[], Index],
        analyser: Analyser,
        embeddings: CachedEmbeddings | None,
        aboutness: Aboutness | None = None,
    ) -> None:
        """Take the parts.

        Args:
            index: returns the generation to search; asked once a call.
            analyser: cuts queries into terms the way the index was built.
            embeddings: the embedder of the index, or None for BM25 alone.
            aboutness: compares questions; plain cosine unless given.
        """
        self._aboutness = aboutness or Aboutness()
        self._index = index
        self._analyser = analyser
        self._embeddings = embeddings

    def retrieve(self, query: str, k: int, filters: Filters | None = None) -> list[Passage]:
        """Return at most ``k`` passages, best first.

        Raises:
            ValueError: ``k`` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k!r}")
        index = self._index()
        asked = detect_language(query)
        allowed = _allowed(index, filters)
        vector = None
        if self._embeddings is not None and index.has_vectors:
            vector = self._embeddings.embed_queries([query])[0]
        terms = self._analyser.terms(query)
        matches: dict[str, float] = {}
        scores = {
            language: self._rank(index, vector, terms, language, asked, allowed, matches)
            for language in Language
            if index.needs(language, asked, allowed)
        }
        own, other = _fold_translations(index, scores, asked, allowed)
        order = _interleave(_ranked(own), _ranked(other))
        kept = _fold_duplicates([index.chunks[key] for key in order], k)
        merged = own | other
        compared = None if vector is None else self._aboutness.asked(vector)
        return [
            _passage(
                index, chunk, rank, merged[chunk.id], *_likeness(index, vector, compared, chunk)
            )
            for rank, chunk in enumerate(kept, start=1)
        ]

    def _rank(
        self,
        index: Index,
        vector: NDArray[np.float32] | None,
        terms: Sequence[str],
        language: Language,
        asked: Language,
        allowed: Collection[str] | None,
        matches: dict[str, float],
    ) -> dict[str, float]:
        """Return the fused scores of one language's passages; put question cosines in matches."""
        weight = 1.0 if language is asked or vector is None else CROSS_LEXICAL_WEIGHT
        lexical = [key for key, _ in index.lexical(terms, language, POOL, allowed)]
        rankings = [(weight, lexical)]
        if vector is not None:
            rankings.append((1.0, _dense(index, vector, language, allowed)))
            asked_like = index.dense_questions(vector, language, 2 * POOL, allowed)
            matches |= dict(asked_like)
            rankings.append((QUESTION_WEIGHT, [key for key, _ in asked_like[:POOL]]))
        scores = reciprocal_rank_fusion(rankings)
        for key, cosine in matches.items():
            if key in scores:
                scores[key] += ALIKE_WEIGHT * max(0.0, (cosine - ALIKE) / (1.0 - ALIKE))
        return scores


def _likeness(
    index: Index,
    vector: NDArray[np.float32] | None,
    compared: NDArray[np.float32] | None,
    chunk: Chunk,
) -> tuple[float | None, list[tuple[ListedQuestion, float]]]:
    """Return the cosine with the nearest question a chunk answers, and each one's likeness."""
    held = index.questions_of(chunk)
    if vector is None or compared is None or held is None:
        return None, []
    plain, listed = held
    likeness = (listed @ compared).tolist()
    return float((plain @ vector).max()), list(zip(chunk.questions, likeness, strict=True))


def _passage(
    index: Index,
    chunk: Chunk,
    rank: int,
    score: float,
    match: float | None,
    likeness: Sequence[tuple[ListedQuestion, float]],
) -> Passage:
    document = index.documents[chunk.document_id]
    cited = index.references(chunk)
    asked: list[Asked | None] = [None] * len(sentence_spans(chunk)) if likeness else []
    nearest = sorted(likeness, key=lambda row: row[1])
    for question, near in nearest:
        if question.sentence is not None:
            asked[question.sentence] = Asked(near, question.text)
        elif near >= WHOLE_LIKENESS:
            asked = [Asked(near, question.text)] * len(asked)
    return Passage(
        chunk=chunk,
        document=document,
        score=score,
        rank=rank,
        source=section_source(document.source, cited),
        references=cited,
        rests=index.rests(chunk),
        match=match,
        likenesses=tuple(near for _, near in nearest[: -LIKENESSES - 1 : -1]),
        asked=tuple(asked),
    )


def passages_by_id(index: Index, ids: Sequence[str]) -> list[Passage]:
    """Return the passages of chunk ids, in their order, without those that are unknown."""
    held = [index.chunks[key] for key in ids if key in index.chunks]
    return [_passage(index, chunk, rank, 0.0, None, ()) for rank, chunk in enumerate(held, start=1)]


def passages_in(index: Index, document_id: str) -> list[Passage]:
    """Return all passages of a document, in its order; none of one that is unknown."""
    held = [key for key, chunk in index.chunks.items() if chunk.document_id == document_id]
    return passages_by_id(index, held)


def reciprocal_rank_fusion(
    rankings: Sequence[tuple[float, Sequence[str]]], damping: int = DAMPING
) -> dict[str, float]:
    """Merge ranked lists: score(p) = sum of weight / (damping + rank), ranks from 1.

    Args:
        rankings: a weight (above 0) and a list of ids, best first, per ranking.
        damping: in ranks, at least 1.

    Returns:
        Score by id, in no order.

    Raises:
        ValueError: ``damping`` is below 1.

    Source: Cormack, Clarke and Buettcher, SIGIR 2009.
    """
    if damping < 1:
        raise ValueError(f"damping must be at least 1, not {damping!r}")
    scores: dict[str, float] = {}
    for weight, ids in rankings:
        for rank, key in enumerate(ids, start=1):
            scores[key] = scores.get(key, 0.0) + weight / (damping + rank)
    return scores


def _dense(
    index: Index,
    vector: NDArray[np.float32],
    language: Language,
    allowed: Collection[str] | None,
) -> list[str]:
    """Rank passages by their own cosine plus a share of their best sentence's."""
    centred = vector - CENTRING * index.centre(language)
    passages = dict(index.dense(centred, language, POOL, allowed))
    sentences = dict(index.dense_sentences(vector, language, 2 * POOL, allowed))
    if not passages:
        return []
    floor = min(passages.values())
    sentence_floor = min(sentences.values(), default=0.0)
    # Back from the cosine with the centred vector to a difference of cosines.
    length = float((centred @ centred) ** 0.5)
    scores = {
        key: length * passages.get(key, floor)
        + SENTENCE_WEIGHT * sentences.get(key, sentence_floor)
        for key in passages | sentences
    }
    return _ranked(scores)[:POOL]


def _ranked(scores: dict[str, float]) -> list[str]:
    """Return ids by score, best first; equal scores by id, so that the order is always the same."""
    return sorted(scores, key=lambda key: (-scores[key], key))


def _allowed(index: Index, filters: Filters | None) -> set[str] | None:
    """Return the ids of the documents that pass the filters, None for all."""
    if filters is None or filters == Filters():
        return None
    place = normalise(filters.geography or "").strip()
    return {
        info.id
        for info in index.documents.values()
        if (not filters.kinds or info.kind in filters.kinds)
        and (not filters.languages or info.language in filters.languages)
        and (not place or place in normalise(info.source.geography))
        and (filters.year_from is None or info.source.year >= filters.year_from)
        and (filters.year_to is None or info.source.year <= filters.year_to)
    }


def _fold_translations(
    index: Index,
    scores: dict[Language, dict[str, float]],
    asked: Language,
    allowed: Collection[str] | None,
) -> tuple[dict[str, float], dict[str, float]]:
    """Give a passage the score of its translation too; keep what has no translation apart.

    Returns:
        Scores of the language asked in, and of the passages that exist in the other one only.
    """
    own = dict(scores.get(asked, {}))
    other: dict[str, float] = {}
    for language, found in scores.items():
        if language is asked:
            continue
        for key, score in found.items():
            twins = [
                twin
                for twin in index.translations(index.chunks[key], asked)
                if allowed is None or twin.document_id in allowed
            ]
            if not twins:
                other[key] = score
            for twin in twins:
                own[twin.id] = max(own.get(twin.id, 0.0), score) + CROSS_LEXICAL_WEIGHT * score
    return own, other


def _interleave(own: list[str], other: list[str]) -> list[str]:
    """Merge two rankings; every third place is the other language's while it has passages."""
    merged: list[str] = []
    own, other = own[::-1], other[::-1]
    while own or other:
        turn_of_other = (len(merged) + 1) % OTHER_LANGUAGE_EVERY == 0
        merged.append((other if other and (turn_of_other or not own) else own).pop())
    return merged


@lru_cache(maxsize=LETTERS_KEPT)
def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, normalise(text)))


def _fold_duplicates(chunks: Sequence[Chunk], k: int) -> list[Chunk]:
    """Keep the first of passages that say the same words."""
    seen: set[str] = set()
    kept: list[Chunk] = []
    for chunk in chunks:
        words = _letters(chunk.text)
        if words not in seen:
            seen.add(words)
            kept.append(chunk)
        if len(kept) == k:
            break
    return kept
