"""Weighing: claims and passages made into numbers and findings, many at once.

Knows: how passages are read, which of their sentences are looked at closely, and that vectors of
passage sentences are looked up by content, claims being embedded in one batch. Does not know
verdicts. Invariant: what is weighed together comes out as what is weighed alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.agreement import NAMES, Agreement, agreement, candidates
from assistant.errors import BackendError
from assistant.findings import Finder, Finding, FindingKind
from assistant.language import split_sentences
from assistant.markdown import quotable_spans
from assistant.reading import Ground, Reader, Reading, Word, together
from assistant.schema import Kind, Passage
from assistant.terms import Analyser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

FEATURES: tuple[str, ...] = (
    *NAMES,
    *(f"finding_{kind.value}" for kind in FindingKind),
    *(f"worst_{name}" for name in NAMES),
    "claim_sentences",
)
"""Names of a claim's numbers: means over its sentences, then the worst of them."""
_WORST_IS_MOST = frozenset(
    name for name in NAMES if name.startswith(("missing", "names", "figures", "digits", "serials"))
) | {"negation", "negation_any", "reversed", "reversed_any", "advice", "hedges_lost", "totals_added"}  # fmt: skip
PASSAGES_KEPT = 512
"""Passages whose readings are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sentence of a ground stands."""

    passage: int
    """Index of its passage."""
    start: int
    """Offset in the passage's text."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A claim held against its ground."""

    numbers: tuple[float, ...]
    """In the order of ``FEATURES``."""
    findings: tuple[Finding, ...]
    best: tuple[int, ...]
    """Indexes of the sentences it rests on, one for each sentence of the claim."""
    missing: tuple[Word, ...]
    """Content words that stand nowhere in the ground, those that say most first."""


class Weigher:
    """Weighs claims. Safe to share between threads."""

    def __init__(self, analyser: Analyser, embeddings: CachedEmbeddings | None) -> None:
        """Take the index's analyser and embedder; without an embedder there are no vectors."""
        self._reader = Reader(analyser)
        self._finder = Finder(self._reader)
        self._embeddings = embeddings
        self._of_passage = lru_cache(maxsize=PASSAGES_KEPT)(self._read_passage)

    @property
    def has_vectors(self) -> bool:
        """Whether numbers about vectors mean something."""
        return self._embeddings is not None

    def ground(self, passages: Sequence[Passage]) -> tuple[Ground, tuple[Place, ...]]:
        """Return what passages say, and where each of its sentences stands."""
        sentences: list[Reading] = []
        places: list[Place] = []
        for number, passage in enumerate(passages):
            for start, end, reading in self._of_passage(passage.chunk.text):
                sentences.append(reading)
                places.append(Place(passage=number, start=start, end=end))
        ground = Ground(
            sentences=tuple(sentences),
            whole=together(sentences or [self._reader.read("")]),
            context=self._reader.read("\n".join(_context(passage) for passage in passages)),
            advises=any(passage.document.kind is Kind.GUIDE for passage in passages),
        )
        return ground, tuple(places)

    def weigh(self, claims: Sequence[tuple[str, Ground]]) -> list[Weighed]:
        """Weigh claims, each against its own ground of at least one sentence."""
        rows: list[tuple[int, Reading, Ground, list[int]]] = []
        for number, (text, ground) in enumerate(claims):
            for span in split_sentences(text) or []:
                reading = self._reader.read(text[span.start : span.end])
                rows.append((number, reading, ground, candidates(reading, ground.sentences)))
        cosines = self._cosines(rows)
        parts: list[list[tuple[Agreement, list[Finding]]]] = [[] for _ in claims]
        for (number, reading, ground, near), likeness in zip(rows, cosines, strict=True):
            found = agreement(reading, ground, near, likeness)
            findings = self._finder.find(reading, ground, near, found.best)
            parts[number].append((found, findings))
        return [_pooled(part) for part in parts]

    def _cosines(
        self, rows: Sequence[tuple[int, Reading, Ground, list[int]]]
    ) -> list[NDArray[np.float32] | None]:
        """Return the cosines of each row's claim with its candidates; None without vectors."""
        if self._embeddings is None or not rows:
            return [None] * len(rows)
        texts = [ground.sentences[at].text for _, _, ground, near in rows for at in near]
        try:
            claims = self._embeddings.embed_queries([row[1].text for row in rows])
            vectors = self._embeddings.array(texts)
        except BackendError:
            # A served embedder that is away must not stop the check: the rules still hold.
            return [None] * len(rows)
        made: list[NDArray[np.float32] | None] = []
        at = 0
        for vector, (_, _, _, near) in zip(claims, rows, strict=True):
            made.append(vectors[at : at + len(near)] @ vector)
            at += len(near)
        return made

    def _read_passage(self, text: str) -> tuple[tuple[int, int, Reading], ...]:
        return tuple(
            (start, end, self._reader.read(text[start:end])) for start, end in quotable_spans(text)
        )


def _context(passage: Passage) -> str:
    """Return what is known of a passage besides its text."""
    sources = (passage.source, passage.document.source, *passage.references)
    known = (
        text
        for source in dict.fromkeys(sources)
        for text in (
            source.title,
            source.publisher,
            source.geography,
            source.population,
            source.published,
        )
    )
    return "\n".join((passage.document.title, *passage.chunk.heading_path, *known))


def _pooled(parts: Sequence[tuple[Agreement, list[Finding]]]) -> Weighed:
    """Put the sentences of one claim together."""
    columns = list(zip(*(found.numbers for found, _ in parts), strict=True))
    count = Counter(finding.kind for _, findings in parts for finding in findings)
    numbers = (
        *(sum(column) / len(column) for column in columns),
        *(float(count[kind]) for kind in FindingKind),
        *(
            max(column) if name in _WORST_IS_MOST else min(column)
            for name, column in zip(NAMES, columns, strict=True)
        ),
        float(len(parts)),
    )
    missing = sorted(
        (word for found, _ in parts for word in found.missing), key=lambda w: -w.weight
    )
    return Weighed(
        numbers=numbers,
        findings=tuple(finding for _, findings in parts for finding in findings),
        best=tuple(found.best for found, _ in parts),
        missing=tuple(missing),
    )
