"""Writing an index: passages in Chroma, sentences and questions as rows, words in BM25.

Knows: the layout of a generation. Does not know: when one is built (``builder``) nor how it is
asked (``index``). Invariant: files are written into an empty folder, and never changed after.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple, dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.aboutness import Aboutness
from assistant.attribution import rests_of
from assistant.chunking import chunk_context, chunk_document, sentence_spans
from assistant.errors import StorageError
from assistant.index import COLLECTION, open_chroma
from assistant.rowvectors import write_groups, write_rows
from assistant.schema import Chunk, Document, DocumentInfo, Language
from assistant.sources import SourceRecord
from assistant.terms import Analyser
from assistant.unanswered import questions_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

_BATCH = 1000
"""Rows per Chroma call; its limit is 5,461."""
_HNSW: Any = {"space": "cosine", "ef_search": 1000, "num_threads": 1}
"""With Chroma's own values (a graph built by several threads, 100 candidates), 0.5% of the twenty
nearest were missed, others each time a process opened the index, and so the same question could get
another answer; with these none (100 questions, 4 collections, 2026-11-24), in 1 to 4 ms."""


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
    sources: Mapping[str, SourceRecord],
    analyser: Analyser,
    embeddings: CachedEmbeddings | None,
    progress: Progress,
    lists: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    aboutness: Aboutness | None = None,
) -> Contents:
    """Write passages, questions, vectors and word statistics into an empty folder.

    Args:
        folder: exists and is empty.
        documents: what to index.
        sources: the register their sections name sources of.
        analyser: cuts texts into terms.
        embeddings: makes the vectors; None for an index of words alone.
        progress: told about the steps.
        lists: questions that no document answers, by the name of their list and their kind.
        aboutness: what is compared of those and of the questions that passages list; their vectors
            as they are unless given.

    Raises:
        StorageError: Chroma cannot write.
    """
    import numpy as np

    infos = {document.info.id: document.info for document in documents}
    unique: dict[str, Chunk] = {}
    for document in documents:
        for chunk in chunk_document(document):
            unique.setdefault(chunk.id, chunk)
    chunks = list(unique.values())
    texts = [chunk_context(chunk, infos[chunk.document_id]) for chunk in chunks]
    spans = [sentence_spans(chunk) for chunk in chunks]
    embedded = 0
    vectors: NDArray[np.float32] | None = None
    if embeddings is not None:
        sentences = [
            chunk.text[start:end]
            for chunk, cuts in zip(chunks, spans, strict=True)
            for start, end in cuts
        ]
        questions = [question.text for chunk in chunks for question in chunk.questions]
        embedded = embeddings.count_missing([*texts, *sentences])
        embedded += embeddings.count_missing(questions, as_queries=True)
        vectors = embeddings.array(
            [*texts, *sentences], progress=lambda done, total: progress(done, total, "embedding")
        )
        lists, aboutness = lists or {}, aboutness or Aboutness()
        asked, beyond = np.split(
            embeddings.array(
                [*questions, *questions_in(lists)],
                progress=lambda done, total: progress(done, total, "embedding questions"),
                as_queries=True,
            ),
            [len(questions)],
        )
        for name, kinds in lists.items():
            sizes = {kind: len(listed) for kind, listed in kinds.items()}
            held, beyond = np.split(beyond, [sum(sizes.values())])
            write_groups(folder / f"{name}.npy", aboutness.of_questions(held), sizes)
        said = vectors[len(texts) :]
        _write_held(folder, "sentences", chunks, infos, said, [len(cuts) for cuts in spans])
        counts = [len(chunk.questions) for chunk in chunks]
        _write_held(folder, "questions", chunks, infos, asked, counts)
        _write_held(folder, "compared", chunks, infos, aboutness.of_questions(asked), counts)
    _write_chroma(folder / "chroma", chunks, infos, vectors)
    progress(1, 2, "indexing words")
    _write_centres(folder / "centres.json", chunks, infos, vectors)
    by_language: dict[str, int] = {}
    for language in Language:
        rows = _places(chunks, infos, language)
        by_language[language.value] = len(rows)
        ids = [chunks[i].id for i in rows]
        _write_bm25(folder / f"bm25-{language}", ids, [analyser.terms(texts[i]) for i in rows])
    (folder / "documents.json").write_text(
        json.dumps([asdict(info) for info in infos.values()], ensure_ascii=False), encoding="utf-8"
    )
    named = {key for chunk in chunks for key in chunk.sources if key in sources}
    (folder / "sources.json").write_text(
        json.dumps([sources[key].model_dump(mode="json") for key in sorted(named)]),
        encoding="utf-8",
    )
    (folder / "rests.json").write_text(
        json.dumps(rests_of(chunks, infos, sources)), encoding="utf-8"
    )
    terms = {
        chunk.id: sorted(analyser.terms_among(question.text for question in chunk.questions))
        for chunk in chunks
    }
    (folder / "listed.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    progress(2, 2, "indexing words")
    return Contents(documents=len(documents), chunks=by_language, embedded=embedded)


def texts_to_embed(documents: Sequence[Document]) -> tuple[list[str], list[str]]:
    """Return what an index of documents embeds: passages and sentences, then questions."""
    passages: list[str] = []
    questions: list[str] = []
    for document in documents:
        for chunk in chunk_document(document):
            passages.append(chunk_context(chunk, document.info))
            passages += (chunk.text[start:end] for start, end in sentence_spans(chunk))
            questions += (question.text for question in chunk.questions)
    return passages, questions


def _write_chroma(
    path: Path,
    chunks: Sequence[Chunk],
    infos: dict[str, DocumentInfo],
    vectors: NDArray[np.float32] | None,
) -> None:
    """Write passages, one Chroma collection per language."""
    with _chroma(path) as client:
        for language in Language:
            collection = client.create_collection(
                COLLECTION.format(language=language),
                embedding_function=None,
                configuration={"hnsw": _HNSW},
            )
            every = _places(chunks, infos, language)
            for at in range(0, len(every), _BATCH):
                rows = every[at : at + _BATCH]
                collection.add(
                    ids=[chunks[i].id for i in rows],
                    embeddings=_rows(vectors, rows),
                    metadatas=[_metadata(chunks[i], i) for i in rows],
                    documents=[chunks[i].text for i in rows],
                )


def _metadata(chunk: Chunk, order: int) -> dict[str, Any]:
    return {
        "document_id": chunk.document_id,
        "position": chunk.position,
        "heading_path": json.dumps(chunk.heading_path, ensure_ascii=False),
        "start": chunk.start,
        "end": chunk.end,
        "order": order,
        "sources": json.dumps(chunk.sources),
        "questions": json.dumps(
            [astuple(question) for question in chunk.questions], ensure_ascii=False
        ),
    }


@contextmanager
def _chroma(path: Path) -> Iterator[Any]:
    """Give a new Chroma folder to write to.

    Raises:
        StorageError: it cannot be written; Chroma tells a full disk by an error of its own.
    """
    from chromadb.errors import ChromaError

    try:
        with closing(open_chroma(path)) as client:
            yield client
    except ChromaError as exc:
        message = f"cannot write the index in {str(path.parent.parent)!r}: {exc}"
        raise StorageError(f"{message}; free some space or set FIRSTPILOT_DATA_DIR") from exc


def _write_held(
    folder: Path,
    what: str,
    chunks: Sequence[Chunk],
    infos: dict[str, DocumentInfo],
    vectors: NDArray[np.float32],
    counts: Sequence[int],
) -> None:
    """Write the vectors of what passages hold, given in their order, for each language."""
    firsts = list(accumulate(counts, initial=0))
    for language in Language:
        places = _places(chunks, infos, language)
        rows = [row for i in places for row in range(firsts[i], firsts[i + 1])]
        held = [counts[i] for i in places]
        path = folder / f"{what}-{language}.npy"
        write_rows(path, vectors[rows], held, searched=what != "compared")


def _write_centres(
    path: Path,
    chunks: Sequence[Chunk],
    infos: dict[str, DocumentInfo],
    vectors: NDArray[np.float32] | None,
) -> None:
    """Write the mean passage vector of each language that has passages."""
    centres = {}
    for language in Language:
        rows = _places(chunks, infos, language)
        if rows and vectors is not None:
            centres[language.value] = vectors[rows].mean(axis=0).tolist()
    path.write_text(json.dumps(centres), encoding="utf-8")


def _rows(vectors: NDArray[np.float32] | None, rows: Sequence[int]) -> NDArray[np.float32]:
    """Return some rows of the vectors; without an embedder, one-dimensional stand-ins."""
    import numpy as np

    if vectors is None:
        return np.ones((len(rows), 1), dtype=np.float32)
    return vectors[list(rows)]


def _write_bm25(folder: Path, ids: Sequence[str], terms: Sequence[Sequence[str]]) -> None:
    """Write one language's BM25 statistics; an empty language gets no folder."""
    import bm25s

    if not any(terms):
        return
    engine = bm25s.BM25(method="lucene")
    engine.index([list(row) for row in terms], show_progress=False)
    engine.save(str(folder))
    (folder / "ids.json").write_text(json.dumps(ids), encoding="utf-8")


def _places(
    chunks: Sequence[Chunk], infos: dict[str, DocumentInfo], language: Language
) -> list[int]:
    """Return where the chunks in a language stand."""
    return [i for i, chunk in enumerate(chunks) if infos[chunk.document_id].language is language]
