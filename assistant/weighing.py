"""Weighing: claims and passages made into numbers and findings, many at once.

Knows: how passages are read, which of their sentences are looked at closely, and that across
languages vectors are compared: those of passage sentences are looked up by content, claims are
embedded in one batch. Does not know verdicts. Invariant: what is weighed together comes out as what is weighed alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.agreement import CANDIDATES, NAMES, Agreement, agreement, candidates
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

COUNTED = tuple(k for k in FindingKind if k not in {FindingKind.DETAIL, FindingKind.OPEN})
"""Findings that the model sees; a missing part is among the words that are missing, and an open end
decides by itself."""
FEATURES: tuple[str, ...] = (
    *NAMES,
    *(f"finding_{kind.value}" for kind in COUNTED),
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
    across: bool
    """Whether the claim is in another language than what it is held against."""
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
        rows = [
            (number, self._reader.read(text[span.start : span.end]), ground)
            for number, (text, ground) in enumerate(claims)
            for span in split_sentences(text)
        ]
        likeness = self._likeness([(reading, ground) for _, reading, ground in rows])
        parts: list[list[tuple[Agreement, list[Finding]]]] = [[] for _ in claims]
        for (number, reading, ground), like in zip(rows, likeness, strict=True):
            if like is None:
                near = candidates(reading, ground.sentences)
                cosines = None
            else:
                near = [int(at) for at in like.argsort()[::-1][:CANDIDATES]]
                cosines = like[near]
            found = agreement(reading, ground, near, cosines)
            findings = self._finder.find(reading, ground, near, found.best)
            parts[number].append((found, findings))
        return [_pooled(part) for part in parts]

    def _likeness(self, rows: Sequence[tuple[Reading, Ground]]) -> list[NDArray[np.float32] | None]:
        """Return the cosines of each claim with the sentences of its ground.

        None where words can be compared: in one language vectors add nothing (``evals/LOG.md``).
        """
        across = [at for at, (claim, ground) in enumerate(rows) if is_across(claim, ground)]
        made: list[NDArray[np.float32] | None] = [None] * len(rows)
        if self._embeddings is None or not across:
            return made
        try:
            vectors = self._embeddings.embed_queries([rows[at][0].text for at in across])
            for vector, at in zip(vectors, across, strict=True):
                texts = [sentence.text for sentence in rows[at][1].sentences]
                made[at] = self._embeddings.array(texts) @ vector
        except BackendError:
            # A served embedder that is away must not stop the check: the rules still hold.
            return [None] * len(rows)
        return made

    def _read_passage(self, text: str) -> tuple[tuple[int, int, Reading], ...]:
        return tuple(
            (start, end, self._reader.read(text[start:end])) for start, end in quotable_spans(text)
        )


def is_across(claim: Reading, ground: Ground) -> bool:
    """Whether no sentence of a ground is in the claim's language."""
    return all(sentence.language is not claim.language for sentence in ground.sentences)


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
        *(float(count[kind]) for kind in COUNTED),
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
        across=all(found.across for found, _ in parts),
        findings=tuple(finding for _, findings in parts for finding in findings),
        best=tuple(found.best for found, _ in parts),
        missing=tuple(missing),
    )
