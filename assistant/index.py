"""The index: one generation opened for reading.

Knows: how passages, sentences, questions and words of a generation are asked. Does not know about
ranking across languages or methods (``retrieval``). Invariants: a generation is never changed; a
reader works on a private copy of the Chroma folder, because Chroma writes to what it opens and is
not made for several processes; Chroma is asked with vectors only.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import IndexCorrupt, StorageError
from assistant.generations import Manifest, read_manifest
from assistant.privatecopy import PrivateCopy
from assistant.rowvectors import GroupVectors, RowVectors
from assistant.schema import (
    Chunk,
    DocumentInfo,
    Grade,
    Kind,
    Language,
    ListedQuestion,
    Rest,
    Source,
)
from assistant.sources import SourceRecord, references
from assistant.unanswered import LISTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

COLLECTION = "passages-{language}"
"""Name of a language's Chroma collection."""
ROWS = ("sentences", "questions", "compared")
"""What passages hold beside themselves: what they are found by, and what is compared (see
``aboutness``) of the questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the knowledge base is about."""

    documents: tuple[DocumentInfo, ...]
    topics: dict[Language, tuple[str, ...]]
    """Titles by language, the kinds by turns."""
    fingerprint: str


class Index:
    """An open generation. Safe to share between threads; never written to."""

    def __init__(self, folder: Path) -> None:
        """Check every file of the generation against its manifest and open it.

        Raises:
            IndexCorrupt: a file is damaged or missing, or Chroma cannot open its copy.
            StorageError: there is no room for the copy.
        """
        self.folder = folder
        self.manifest: Manifest = read_manifest(folder)
        copy = _private_copy(folder)
        self._client: Any = None
        try:
            self._client = open_chroma(copy.path)
            self.documents = _read_documents(folder / "documents.json")
            self._sources = _read_sources(folder / "sources.json")
            self._listed_terms = _read_terms(folder / "listed.json")
            self._rests = json.loads((folder / "rests.json").read_text(encoding="utf-8"))
            self.chunks = self._read_chunks()
            self._centres = _read_centres(folder / "centres.json", self.manifest.dimension)
            self._bm25 = {language: _Bm25(folder / f"bm25-{language}") for language in Language}
            self._held = {
                (what, language): RowVectors(folder / f"{what}-{language}.npy", self.of(language))
                for what in ROWS
                for language in Language
            }
            self._unanswered = {name: GroupVectors(folder / f"{name}.npy") for name in LISTS}
        except Exception as exc:
            _discard(self._client, copy)
            message = f"index {folder.name!r} cannot be opened ({type(exc).__name__})"
            raise IndexCorrupt(f"{message}; run: firstpilot ingest --force") from exc
        self._finalizer = weakref.finalize(self, _discard, self._client, copy)
        self._references: dict[str, tuple[Source, ...]] = {}
        self._twins: dict[tuple[str, int], list[Chunk]] = {}
        for chunk in self.chunks.values():
            self._twins.setdefault(self.twin_key(chunk), []).append(chunk)

    @property
    def has_vectors(self) -> bool:
        """Whether the generation was built with an embedder."""
        return self.manifest.dimension > 0

    def unanswered(self, name: str) -> GroupVectors:
        """Return the vectors of a list of questions that no passage answers, by their kinds."""
        return self._unanswered[name]

    def listed_terms(self, chunk: Chunk) -> frozenset[str] | None:
        """Return the terms of the questions that a chunk lists; None of another generation's."""
        return self._listed_terms[chunk.id] if self.chunks.get(chunk.id) is chunk else None

    def twin_key(self, chunk: Chunk) -> tuple[str, int]:
        """Return what a section and its translations have in common."""
        return self.documents[chunk.document_id].twin_key, chunk.position

    def translations(self, chunk: Chunk, language: Language) -> list[Chunk]:
        """Return the chunks of the same section in another language, in document order."""
        twins = self._twins.get(self.twin_key(chunk), ())
        return [twin for twin in twins if self.documents[twin.document_id].language is language]

    def centre(self, language: Language) -> NDArray[np.float32]:
        """Return the mean passage vector of a language, zeros when it has none."""
        return self._centres[language]

    def dense(
        self,
        vector: NDArray[np.float32],
        language: Language,
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by cosine similarity of passages, best first.

        Args:
            vector: the query's vector, shape (dimension,).
            language: of the passages.
            count: at most so many.
            allowed: ids of documents to search, None for all.
        """
        none = allowed is not None and not allowed
        if none or not self._rows[language] or not self.has_vectors:
            return []
        where: Any = {"document_id": {"$in": sorted(allowed)}} if allowed is not None else None
        found = self._collections[language].query(
            query_embeddings=[vector],
            n_results=min(count, self._rows[language]),
            where=where,
            include=["distances"],
        )
        scores = (1.0 - float(distance) for distance in found["distances"][0])
        return list(zip(found["ids"][0], scores, strict=True))

    def dense_sentences(
        self,
        vector: NDArray[np.float32],
        language: Language,
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by cosine similarity of their best sentence, best first.

        Args:
            vector: the query's vector, shape (dimension,).
            language: of the passages.
            count: how many sentences to look at.
            allowed: ids of documents to search, None for all.
        """
        return self._held["sentences", language].nearest(vector, count, allowed)

    def dense_questions(
        self,
        vector: NDArray[np.float32],
        language: Language,
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by cosine similarity of the nearest question they answer, best first.

        Args:
            vector: the query's vector, shape (dimension,).
            language: of the passages; their questions are in both.
            count: how many questions to look at.
            allowed: ids of documents to search, None for all.
        """
        return self._held["questions", language].nearest(vector, count, allowed)

    def questions_of(self, chunk: Chunk) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return the vectors of the questions that a chunk lists, and what is compared of them.

        Both of shape (n, dimension); None when there are none.
        """
        language = self.documents[chunk.document_id].language
        plain, compared = (self._held[what, language].of(chunk) for what in ROWS[1:])
        return None if plain is None or compared is None else (plain, compared)

    def references(self, chunk: Chunk) -> tuple[Source, ...]:
        """Return the sources a chunk rests on, in its language."""
        found = self._references.get(chunk.id)
        if found is None:
            language = self.documents[chunk.document_id].language
            found = references(chunk.sources, self._sources, language)
            self._references[chunk.id] = found
        return found

    def rests(self, chunk: Chunk) -> tuple[Rest, ...]:
        """Return the sentences of a chunk of several sources that rest on one, in its language."""
        language = self.documents[chunk.document_id].language
        return tuple(
            Rest(start, end, self._sources[key].source(language))
            for start, end, key in self._rests.get(chunk.id, ())
        )

    def lexical(
        self,
        terms: Sequence[str],
        language: Language,
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by BM25 score (> 0), best first, ties in document order."""
        scored = self._bm25[language].scored(terms)
        if allowed is not None:
            scored = (row for row in scored if self.chunks[row[0]].document_id in allowed)
        return list(islice(scored, count))

    def inverse_frequency(self, term: str) -> float:
        """Return ln((N + 1) / (df + 0.5)) over the chunks of all languages; above 0."""
        total = sum(bm25.size for bm25 in self._bm25.values())
        found = sum(bm25.frequency(term) for bm25 in self._bm25.values())
        return math.log((total + 1) / (found + 0.5))

    def vocabulary(self) -> set[str]:
        """Return every term of the index."""
        return {term for bm25 in self._bm25.values() for term in bm25.vocabulary}

    def needs(
        self, language: Language, asked: Language, allowed: Collection[str] | None = None
    ) -> bool:
        """Whether ``language`` holds documents without a translation in the one asked in.

        Args:
            language: to be searched or not.
            asked: of the query.
            allowed: ids of documents to search, None for all; a translation must be among them.
        """
        infos = [i for i in self.documents.values() if allowed is None or i.id in allowed]
        translated = {info.twin_key for info in infos if info.language is asked}
        return language is asked or any(
            info.language is language and info.twin_key not in translated for info in infos
        )

    def of(self, language: Language) -> list[Chunk]:
        """Return the passages in a language, in document order."""
        return [
            chunk
            for chunk in self.chunks.values()
            if self.documents[chunk.document_id].language is language
        ]

    def _read_chunks(self) -> dict[str, Chunk]:
        """Read all passages, in document order."""
        self._collections = {
            language: self._client.get_collection(
                COLLECTION.format(language=language), embedding_function=None
            )
            for language in Language
        }
        # Counted once: a generation never changes, and Chroma takes milliseconds to count.
        self._rows = {language: held.count() for language, held in self._collections.items()}
        rows: list[tuple[int, Chunk]] = []
        for language in Language:
            found = self._collections[language].get(include=["documents", "metadatas"])
            for key, text, row in zip(
                found["ids"], found["documents"], found["metadatas"], strict=True
            ):
                chunk = Chunk(
                    id=key,
                    document_id=row["document_id"],
                    heading_path=tuple(json.loads(row["heading_path"])),
                    position=row["position"],
                    text=text,
                    start=row["start"],
                    end=row["end"],
                    sources=tuple(json.loads(row["sources"])),
                    questions=tuple(ListedQuestion(*it) for it in json.loads(row["questions"])),
                )
                rows.append((row["order"], chunk))
        return {chunk.id: chunk for _, chunk in sorted(rows, key=lambda row: row[0])}


def coverage_of(index: Index, featured: Sequence[str] = ()) -> Coverage:
    """Return what an index is about; documents whose twin keys are featured come first."""
    places = {key: at for at, key in enumerate(featured)}
    documents = tuple(
        sorted(
            index.documents.values(),
            key=lambda info: places.get(info.twin_key, len(places)),
        )
    )
    return Coverage(
        documents=documents,
        topics={
            language: _by_turns(
                [info for info in documents if info.language is language], places.keys()
            )
            for language in Language
        },
        fingerprint=index.manifest.fingerprint,
    )


def _by_turns(documents: Sequence[DocumentInfo], featured: Collection[str]) -> tuple[str, ...]:
    """Return titles: the featured ones, then so that every kind comes before any comes twice."""
    first = [info.title for info in documents if info.twin_key in featured]
    documents = [info for info in documents if info.twin_key not in featured]
    kinds = (Kind.GUIDE, Kind.REPORT, Kind.CASE, Kind.RULE, Kind.PROGRAMME)
    rows = [[info.title for info in documents if info.kind is kind] for kind in kinds]
    rest = (title for turn in zip_longest(*rows) for title in turn if title is not None)
    return (*first, *rest)


class _Bm25:
    """One language's word statistics, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        self.ids: list[str] = []
        self.vocabulary: dict[str, int] = {}
        if not folder.is_dir():
            return
        import bm25s

        self._engine = bm25s.BM25.load(str(folder), mmap=True)
        self.ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
        self.vocabulary = self._engine.vocab_dict
        self._starts = self._engine.scores["indptr"]

    @property
    def size(self) -> int:
        return len(self.ids)

    def frequency(self, term: str) -> int:
        """Return how many chunks hold a term."""
        row = self.vocabulary.get(term)
        return 0 if row is None else int(self._starts[row + 1] - self._starts[row])

    def scored(self, terms: Sequence[str]) -> Iterator[tuple[str, float]]:
        """Yield (chunk id, score) where the score is above 0, best first."""
        import numpy as np

        known = [term for term in terms if term in self.vocabulary]
        if not known:
            return
        scores = self._engine.get_scores(known)
        for row in np.argsort(-scores, kind="stable"):
            if scores[row] <= 0:
                return
            yield self.ids[row], float(scores[row])


def _read_centres(path: Path, dimension: int) -> dict[Language, NDArray[np.float32]]:
    import numpy as np

    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        language: np.asarray(rows.get(language.value, [0.0] * dimension), dtype=np.float32)
        for language in Language
    }


def _read_terms(path: Path) -> dict[str, frozenset[str]]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {key: frozenset(map(sys.intern, terms)) for key, terms in rows.items()}


def _read_sources(path: Path) -> dict[str, SourceRecord]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {row["id"]: SourceRecord.model_validate(row) for row in rows}


def _read_documents(path: Path) -> dict[str, DocumentInfo]:
    """Read what ``write_index`` wrote of the documents."""
    found = {}
    for row in json.loads(path.read_text(encoding="utf-8")):
        source = row.pop("source")
        row["kind"], row["language"] = Kind(row["kind"]), Language(row["language"])
        source["grade"] = Grade(source["grade"])
        found[row["id"]] = DocumentInfo(**row, source=Source(**source))
    return found


def open_chroma(path: Path) -> Any:
    """Open or create a Chroma folder in this process, with nothing sent anywhere."""
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(path), settings=Settings(anonymized_telemetry=False))


def _private_copy(folder: Path) -> PrivateCopy:
    """Copy the Chroma folder of a generation."""
    try:
        return PrivateCopy(folder / "chroma")
    except OSError as exc:
        # Tells when it is the generation that went away meanwhile.
        read_manifest(folder)
        message = f"no temporary copy of the index can be made ({exc.strerror or exc})"
        raise StorageError(f"{message}; free some space or set TMPDIR to another folder") from exc


def _discard(client: Any, copy: PrivateCopy) -> None:
    """Close a reader's private copy and remove it."""
    if client is not None:
        client.close()
    copy.remove()
