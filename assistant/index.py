"""The index: passages and sentences with their vectors in Chroma, words in BM25.

Knows: how a generation is built from documents, and how an open one is asked. Does not know about
ranking across languages or methods (``retrieval``). Invariants: a generation is never changed once
it is published; a reader works on a private copy of the Chroma folder, because Chroma writes to
what it opens and is not made for several processes; Chroma is asked with vectors only.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chunking import chunk_context, chunk_document, sentence_spans
from assistant.errors import IndexCorrupt
from assistant.generations import Manifest, read_manifest
from assistant.schema import Chunk, Document, DocumentInfo, Grade, Kind, Language, Source
from assistant.terms import Analyser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

_log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

_BATCH = 1000
"""Rows per Chroma call; its limit is 5,461."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """How much a generation holds."""

    documents: int
    chunks: dict[str, int]
    """Chunks by language."""
    embedded: int
    """Texts that had to be embedded, the others having been in the cache."""


def write_index(
    folder: Path,
    documents: Sequence[Document],
    analyser: Analyser,
    embeddings: CachedEmbeddings | None,
    progress: Progress,
) -> Contents:
    """Write passages, vectors and word statistics of ``documents`` into an empty folder."""
    infos = {document.info.id: document.info for document in documents}
    chunks = [chunk for document in documents for chunk in chunk_document(document)]
    texts = [chunk_context(chunk, infos[chunk.document_id]) for chunk in chunks]
    spans = [sentence_spans(chunk) for chunk in chunks]
    embedded = 0
    if embeddings is not None:
        sentences = [
            chunk.text[start:end]
            for chunk, found in zip(chunks, spans, strict=True)
            for start, end in found
        ]
        embedded = embeddings.count_missing([*texts, *sentences])
        vectors = embeddings.array(
            [*texts, *sentences], progress=lambda done, total: progress(done, total, "embedding")
        )
    else:
        vectors = None
    _write_chroma(folder / "chroma", chunks, spans, infos, vectors)
    progress(1, 2, "indexing words")
    _write_centres(folder / "centres.json", chunks, infos, vectors)
    by_language: dict[str, int] = {}
    for language in Language:
        rows = [i for i, chunk in enumerate(chunks) if _language(chunk, infos) is language]
        by_language[language.value] = len(rows)
        ids = [chunks[i].id for i in rows]
        _write_bm25(folder / f"bm25-{language}", ids, [analyser.terms(texts[i]) for i in rows])
    (folder / "documents.json").write_text(
        json.dumps([asdict(info) for info in infos.values()], ensure_ascii=False), encoding="utf-8"
    )
    progress(2, 2, "indexing words")
    return Contents(documents=len(documents), chunks=by_language, embedded=embedded)


def _write_chroma(
    path: Path,
    chunks: Sequence[Chunk],
    spans: Sequence[Sequence[tuple[int, int]]],
    infos: dict[str, DocumentInfo],
    vectors: NDArray[np.float32] | None,
) -> None:
    """Write passages and sentences, one Chroma collection each per language."""
    import numpy as np

    client = _chroma(path)
    try:
        first_sentence = len(chunks)
        starts = np.cumsum([first_sentence, *(len(found) for found in spans)])
        for language in Language:
            passages, sentences = (
                client.create_collection(
                    f"{what}-{language}",
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine"}},
                )
                for what in ("passages", "sentences")
            )
            rows = [i for i, chunk in enumerate(chunks) if _language(chunk, infos) is language]
            _add(
                passages,
                [chunks[i].id for i in rows],
                _rows(vectors, rows),
                [
                    {
                        "document_id": chunks[i].document_id,
                        "position": chunks[i].position,
                        "heading_path": json.dumps(chunks[i].heading_path, ensure_ascii=False),
                        "start": chunks[i].start,
                        "end": chunks[i].end,
                        "order": i,
                    }
                    for i in rows
                ],
                [chunks[i].text for i in rows],
            )
            if vectors is None:
                continue
            places = [(i, k) for i in rows for k in range(len(spans[i]))]
            _add(
                sentences,
                [f"{chunks[i].id}:{k}" for i, k in places],
                _rows(vectors, [int(starts[i]) + k for i, k in places]),
                [{"document_id": chunks[i].document_id} for i, _ in places],
            )
    finally:
        client.close()


def _write_centres(
    path: Path,
    chunks: Sequence[Chunk],
    infos: dict[str, DocumentInfo],
    vectors: NDArray[np.float32] | None,
) -> None:
    """Write the mean passage vector of each language that has passages."""
    centres = {}
    for language in Language:
        rows = [i for i, chunk in enumerate(chunks) if _language(chunk, infos) is language]
        if rows and vectors is not None:
            centres[language.value] = vectors[rows].mean(axis=0).tolist()
    path.write_text(json.dumps(centres), encoding="utf-8")


def _rows(vectors: NDArray[np.float32] | None, rows: Sequence[int]) -> NDArray[np.float32]:
    """Return some rows of the vectors; without an embedder, one-dimensional stand-ins."""
    import numpy as np

    if vectors is None:
        return np.ones((len(rows), 1), dtype=np.float32)
    return vectors[list(rows)]


def _add(
    collection: Any,
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    metadatas: Sequence[dict[str, Any]],
    texts: Sequence[str] | None = None,
) -> None:
    """Add rows in batches; ids that repeat (the same text twice in a section) are added once."""
    unique = list({key: row for row, key in enumerate(ids)}.values())
    for at in range(0, len(unique), _BATCH):
        rows = unique[at : at + _BATCH]
        collection.add(
            ids=[ids[row] for row in rows],
            embeddings=vectors[rows],
            metadatas=[metadatas[row] for row in rows],
            documents=[texts[row] for row in rows] if texts is not None else None,
        )


def _write_bm25(folder: Path, ids: Sequence[str], terms: Sequence[Sequence[str]]) -> None:
    """Write one language's BM25 statistics; an empty language gets no folder."""
    import bm25s

    if not any(terms):
        return
    engine = bm25s.BM25(method="lucene")
    engine.index([list(row) for row in terms], show_progress=False)
    engine.save(str(folder))
    (folder / "ids.json").write_text(json.dumps(ids), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the knowledge base is about."""

    documents: tuple[DocumentInfo, ...]
    topics: dict[Language, tuple[str, ...]]
    """Titles by language, originals first."""
    fingerprint: str


class Index:
    """An open generation. Safe to share between threads; never written to."""

    def __init__(self, folder: Path) -> None:
        """Check every file of the generation against its manifest and open it.

        Raises:
            IndexCorrupt: a file is damaged or missing, or Chroma cannot open its copy.
        """
        self.folder = folder
        self.manifest: Manifest = read_manifest(folder)
        copy = Path(tempfile.mkdtemp(prefix="firstpilot-index-"))
        try:
            shutil.copytree(folder / "chroma", copy, dirs_exist_ok=True)
            self._client = _chroma(copy)
            self.documents = _read_documents(folder / "documents.json")
            self.chunks = self._read_chunks()
            self._centres = _read_centres(folder / "centres.json", self.manifest.dimension)
            self._bm25 = {language: _Bm25(folder / f"bm25-{language}") for language in Language}
        except Exception as exc:
            shutil.rmtree(copy, ignore_errors=True)
            message = f"index {folder.name!r} cannot be opened ({type(exc).__name__})"
            raise IndexCorrupt(f"{message}; run: firstpilot ingest --force") from exc
        self._finalizer = weakref.finalize(self, _discard, self._client, copy)
        self._twins: dict[tuple[str, int], list[Chunk]] = {}
        for chunk in self.chunks.values():
            self._twins.setdefault(self.twin_key(chunk), []).append(chunk)

    @property
    def has_vectors(self) -> bool:
        """Whether the generation was built with an embedder."""
        return self.manifest.dimension > 0

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
        return self._query(f"passages-{language}", vector, count, allowed)

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
        best: dict[str, float] = {}
        for key, score in self._query(f"sentences-{language}", vector, count, allowed):
            best.setdefault(key.partition(":")[0], score)
        return list(best.items())

    def lexical(
        self,
        terms: Sequence[str],
        language: Language,
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by BM25 score (> 0), best first, ties in document order."""
        scored = self._bm25[language].scores(terms)
        if allowed is not None:
            scored = [row for row in scored if self.chunks[row[0]].document_id in allowed]
        return scored[:count]

    def inverse_frequency(self, term: str) -> float:
        """Return ln((N + 1) / (df + 0.5)) over the chunks of all languages; above 0."""
        total = sum(bm25.size for bm25 in self._bm25.values())
        found = sum(bm25.frequency(term) for bm25 in self._bm25.values())
        return math.log((total + 1) / (found + 0.5))

    def vocabulary(self) -> set[str]:
        """Return every term of the index."""
        return {term for bm25 in self._bm25.values() for term in bm25.vocabulary}

    def _query(
        self,
        name: str,
        vector: NDArray[np.float32],
        count: int,
        allowed: Collection[str] | None,
    ) -> list[tuple[str, float]]:
        """Return (row id, cosine) of a Chroma collection, best first."""
        if not self._rows[name] or not self.has_vectors or (allowed is not None and not allowed):
            return []
        where: Any = {"document_id": {"$in": sorted(allowed)}} if allowed is not None else None
        found = self._collections[name].query(
            query_embeddings=[vector],
            n_results=min(count, self._rows[name]),
            where=where,
            include=["distances"],
        )
        scores = (1.0 - float(distance) for distance in found["distances"][0])
        return list(zip(found["ids"][0], scores, strict=True))

    def needs(self, language: Language, asked: Language) -> bool:
        """Whether ``language`` holds documents without a translation in the one asked in."""
        translated = {i.twin_key for i in self.documents.values() if i.language is asked}
        return language is asked or any(
            info.language is language and info.twin_key not in translated
            for info in self.documents.values()
        )

    def _read_chunks(self) -> dict[str, Chunk]:
        """Read all passages, in document order."""
        self._collections = {
            f"{what}-{language}": self._client.get_collection(
                f"{what}-{language}", embedding_function=None
            )
            for what in ("passages", "sentences")
            for language in Language
        }
        # Counted once: a generation never changes, and Chroma takes milliseconds to count.
        self._rows = {name: held.count() for name, held in self._collections.items()}
        rows: list[tuple[int, Chunk]] = []
        for language in Language:
            found = self._collections[f"passages-{language}"].get(
                include=["documents", "metadatas"]
            )
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
                )
                rows.append((row["order"], chunk))
        return {chunk.id: chunk for _, chunk in sorted(rows, key=lambda row: row[0])}


def coverage_of(index: Index) -> Coverage:
    """Return what an index is about."""
    documents = tuple(index.documents.values())
    return Coverage(
        documents=documents,
        topics={
            language: tuple(info.title for info in documents if info.language is language)
            for language in Language
        },
        fingerprint=index.manifest.fingerprint,
    )


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

    def scores(self, terms: Sequence[str]) -> list[tuple[str, float]]:
        """Return (chunk id, score) where the score is above 0, best first."""
        import numpy as np

        known = [term for term in terms if term in self.vocabulary]
        if not known:
            return []
        scores = self._engine.get_scores(known)
        order = np.argsort(-scores, kind="stable")
        return [(self.ids[i], float(scores[i])) for i in order if scores[i] > 0]


def _read_centres(path: Path, dimension: int) -> dict[Language, NDArray[np.float32]]:
    import numpy as np

    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        language: np.asarray(rows.get(language.value, [0.0] * dimension), dtype=np.float32)
        for language in Language
    }


def _read_documents(path: Path) -> dict[str, DocumentInfo]:
    """Read what ``write_index`` wrote of the documents."""
    found = {}
    for row in json.loads(path.read_text(encoding="utf-8")):
        source = row.pop("source")
        row["kind"], row["language"] = Kind(row["kind"]), Language(row["language"])
        source["grade"] = Grade(source["grade"])
        found[row["id"]] = DocumentInfo(**row, source=Source(**source))
    return found


def _language(chunk: Chunk, infos: dict[str, DocumentInfo]) -> Language:
    return infos[chunk.document_id].language


def _chroma(path: Path) -> Any:
    """Open or create a Chroma folder in this process, with nothing sent anywhere."""
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(path), settings=Settings(anonymized_telemetry=False))


def _discard(client: Any, folder: Path) -> None:
    """Close a reader's private copy and remove it."""
    client.close()
    shutil.rmtree(folder, ignore_errors=True)
