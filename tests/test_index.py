"""An open generation: what it finds, and that it is never written to."""

from __future__ import annotations

import gc
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest

import assistant.index
from assistant import Settings
from assistant.builder import LiveIndex, build_index, make_analyser
from assistant.corpus import load_corpus
from assistant.embeddings import make_embeddings
from assistant.errors import IndexCorrupt
from assistant.generations import hash_files
from assistant.index import Index, coverage_of
from assistant.privatecopy import PREFIX
from assistant.schema import Language


@pytest.fixture(scope="module")
def index(settings: Settings) -> Index:
    build_index(settings)
    return LiveIndex(settings).current()


@pytest.fixture(scope="module")
def vector(settings: Settings):
    embeddings = make_embeddings(settings)
    assert embeddings is not None
    return embeddings.embed_queries(["What does AI cost?"])[0]


def test_every_chunk_stands_in_its_document(index: Index, settings: Settings) -> None:
    texts = {document.info.id: document.text for document in load_corpus(settings.knowledge_dir)}
    assert {chunk.document_id for chunk in index.chunks.values()} == set(texts)
    for key, chunk in index.chunks.items():
        assert key == chunk.id
        assert texts[chunk.document_id][chunk.start : chunk.end] == chunk.text


def test_chunks_are_in_document_order(index: Index) -> None:
    places = [(chunk.document_id, chunk.start) for chunk in index.chunks.values()]
    order = {name: at for at, name in enumerate(dict.fromkeys(name for name, _ in places))}
    assert places == sorted(places, key=lambda place: (order[place[0]], place[1]))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("search", ["dense", "dense_sentences", "dense_questions"])
def test_dense_searches_give_the_nearest_first_of_what_is_allowed(
    index: Index, vector, search: str, language: Language
) -> None:
    find = getattr(index, search)
    found = find(vector, language, 10)
    cosines = [cosine for _, cosine in found]
    assert cosines == sorted(cosines, reverse=True)
    assert all(-1.0 <= cosine <= 1.0 + 1e-6 for cosine in cosines)
    assert 0 < len(found) <= 10
    assert len(dict(found)) == len(found)
    documents = {index.chunks[key].document_id for key, _ in found}
    assert all(index.documents[name].language is language for name in documents)
    some = sorted(documents)[:1]
    allowed = find(vector, language, 10_000, some)
    assert {index.chunks[key].document_id for key, _ in allowed} == set(some)
    assert find(vector, language, 10, []) == []
    assert find(vector, language, 10, ["nobody"]) == []


def test_words_find_by_score_and_unknown_ones_nothing(index: Index, settings: Settings) -> None:
    terms = make_analyser(settings).terms("What does AI cost?")
    found = index.lexical(terms, Language.EN, 5)
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert len(found) == 5
    assert index.lexical(["zzyzx"], Language.EN, 5) == []
    assert index.lexical([], Language.ZH, 5) == []
    assert index.lexical(terms, Language.EN, 5, []) == []


def test_the_rarer_a_term_the_more_it_weighs(index: Index) -> None:
    common, unknown = index.inverse_frequency("ai"), index.inverse_frequency("zzyzx")
    assert 0 < common < unknown
    assert unknown == pytest.approx(math.log((len(index.chunks) + 1) / 0.5))
    assert "ai" in index.vocabulary()


def test_translations_are_mutual(index: Index) -> None:
    for chunk in index.chunks.values():
        here = index.documents[chunk.document_id].language
        there = Language.ZH if here is Language.EN else Language.EN
        twins = index.translations(chunk, there)
        assert twins
        assert all(chunk in index.translations(twin, here) for twin in twins)


def test_a_language_is_needed_for_what_the_other_lacks(index: Index) -> None:
    assert index.needs(Language.EN, Language.EN)
    assert not index.needs(Language.ZH, Language.EN)
    chinese = [info.id for info in index.documents.values() if info.language is Language.ZH]
    assert index.needs(Language.ZH, Language.EN, chinese)
    assert not index.needs(Language.ZH, Language.EN, [])


def test_the_coverage_names_every_document_and_every_kind_first(index: Index) -> None:
    coverage = coverage_of(index)
    assert set(coverage.documents) == set(index.documents.values())
    for language, topics in coverage.topics.items():
        infos = [info for info in coverage.documents if info.language is language]
        assert sorted(topics) == sorted(info.title for info in infos)
        kinds = {info.title: info.kind for info in infos}
        count = len(set(kinds.values()))
        assert len({kinds[title] for title in topics[:count]}) == count


def test_reading_leaves_the_generation_as_it_was(index: Index, vector) -> None:
    before = hash_files(index.folder)
    another = Index(index.folder)
    assert another.dense(vector, Language.ZH, 3) == index.dense(vector, Language.ZH, 3)
    assert hash_files(index.folder) == before


def test_a_copy_goes_with_its_index_and_with_a_failure_to_open_it(
    index: Index, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    another = Index(index.folder)
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 1
    del another
    gc.collect()
    assert list(tmp_path.iterdir()) == []

    def fails(path: Path) -> None:
        assert path.is_dir()
        raise RuntimeError("no such table")

    monkeypatch.setattr(assistant.index, "open_chroma", fails)
    with pytest.raises(IndexCorrupt, match="RuntimeError"):
        Index(index.folder)
    assert list(tmp_path.iterdir()) == []


def test_without_an_embedder_there_is_nothing_near(settings: Settings, tmp_path: Path) -> None:
    words = Settings(data_dir=tmp_path, knowledge_dir=settings.knowledge_dir, embedder="none")
    build_index(words)
    index = LiveIndex(words).current()
    assert not index.has_vectors
    vector = np.ones(384, dtype=np.float32)
    assert (
        index.dense(vector, Language.EN, 5) == index.dense_sentences(vector, Language.EN, 5) == []
    )
    assert index.chunks
