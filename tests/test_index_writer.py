"""Writing a generation: every row under its own vector, whatever the documents are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chromadb.errors import InternalError

import assistant.index_writer
from assistant import Settings
from assistant.builder import _probe_here, build_documents, make_analyser
from assistant.chunking import chunk_context, sentence_spans
from assistant.corpus import load_corpus
from assistant.embeddings import CachedEmbeddings
from assistant.errors import StorageError
from assistant.index import Index
from assistant.schema import Document, Language
from assistant.terms import Analyser
from tests.support import Noise


@pytest.fixture(scope="module")
def analyser(settings: Settings) -> Analyser:
    return make_analyser(settings)


@pytest.fixture(scope="module")
def corpus(settings: Settings) -> list[Document]:
    return load_corpus(settings.knowledge_dir)


def test_every_row_stands_under_its_own_vector(
    tmp_path: Path, corpus: list[Document], analyser: Analyser
) -> None:
    embeddings = CachedEmbeddings(Noise())
    index = build_documents(tmp_path, corpus, analyser, embeddings)
    questions = 0
    for chunk in index.chunks.values():
        info = index.documents[chunk.document_id]
        (whole,) = embeddings.array([chunk_context(chunk, info)])
        assert nearest(index.dense(whole, info.language, 1)) == chunk.id
        texts = [chunk.text[start:end] for start, end in sentence_spans(chunk)]
        for vector in embeddings.array(texts):
            found = index.dense_sentences(vector, info.language, 3)
            # The same sentence may stand in two chunks.
            assert chunk.id in [key for key, cosine in found if cosine > 0.99]
        for vector in embeddings.array([it.text for it in chunk.questions], as_queries=True):
            found = index.dense_questions(vector, info.language, 3)
            assert chunk.id in [key for key, cosine in found if cosine > 0.99]
            questions += 1
        listed = (analyser.terms(it.text) for it in chunk.questions)
        assert index.listed_terms(chunk) == frozenset().union(*listed)
    assert questions > 0
    for language in Language:
        held = [
            c for c in index.chunks.values() if index.documents[c.document_id].language is language
        ]
        vectors = embeddings.array([chunk_context(c, index.documents[c.document_id]) for c in held])
        assert np.allclose(index.centre(language), vectors.mean(axis=0), atol=1e-6)


def nearest(found: Sequence[tuple[str, float]]) -> str:
    key, cosine = found[0]
    assert cosine == pytest.approx(1.0, abs=1e-4)
    return key


def index_of(
    folder: Path,
    corpus: list[Document],
    analyser: Analyser,
    *texts: str,
    language: Language,
    embeddings: CachedEmbeddings | None = None,
) -> Index:
    documents = [
        replace(
            corpus[0],
            text=text,
            info=replace(
                corpus[0].info, id=f"d{number}.{language}", language=language, translation_of=None
            ),
        )
        for number, text in enumerate(texts)
    ]
    index = build_documents(folder, documents, analyser, embeddings)
    _probe_here(folder)
    return index


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("texts", "chunks"),
    [
        ((), 0),
        (("",), 0),
        (("# T\n\n## A\n",), 0),
        (("# T\n\n---\n\n?!\n",), 1),
        (("# T\n\nAI \0 helps.\n",), 1),
        (("# T\n\nAI helps.\n\n# T\n\nAI helps.\n", "# T\n\nAI helps.\n"), 3),
    ],
    ids=["no document", "no text", "headings alone", "no word", "NUL", "repetitions"],
)
@pytest.mark.parametrize("embeddings", [None, CachedEmbeddings(Noise())], ids=["words", "vectors"])
def test_any_documents_make_an_index_that_opens(
    tmp_path: Path,
    corpus: list[Document],
    analyser: Analyser,
    texts: tuple[str, ...],
    chunks: int,
    language: Language,
    embeddings: CachedEmbeddings | None,
) -> None:
    index = index_of(tmp_path, corpus, analyser, *texts, language=language, embeddings=embeddings)
    assert len(index.chunks) == chunks == index.manifest.chunks[language.value]
    vector = np.ones(max(index.manifest.dimension, 1), dtype=np.float32)
    for other in Language:
        assert len(index.dense_sentences(vector, other, 9)) <= chunks * (other is language)
        assert index.dense_questions(vector, other, 9) == []


def test_more_rows_than_a_batch_holds_are_all_written(
    tmp_path: Path, corpus: list[Document], analyser: Analyser, monkeypatch
) -> None:
    monkeypatch.setattr(assistant.index_writer, "_BATCH", 7)
    text = "# T\n\n" + "".join(f"## S{n}\n\nNumber {n}.\n\n" for n in range(20))
    index = index_of(tmp_path, corpus, analyser, text, language=Language.EN)
    assert [chunk.text for chunk in index.chunks.values()] == [f"Number {n}." for n in range(20)]


def test_chromas_own_error_is_a_storage_error(
    tmp_path: Path, corpus: list[Document], analyser: Analyser, monkeypatch
) -> None:
    def full(path: Path) -> None:
        raise InternalError("database or disk is full")

    monkeypatch.setattr(assistant.index_writer, "open_chroma", full)
    with pytest.raises(StorageError, match="disk is full; free some space") as caught:
        build_documents(tmp_path, corpus, analyser, None)
    assert "\n" not in str(caught.value)
