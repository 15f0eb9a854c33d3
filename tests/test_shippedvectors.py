"""Shipped vectors: nearly what was written, or nothing; a file never raises."""

from __future__ import annotations

import logging
import random
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.shippedvectors import ShippedVectors, write_vectors

NAME = "embedder-1"


def key(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.npz"


def unit_vectors(count: int, size: int = 384) -> dict[bytes, np.ndarray[Any, Any]]:
    rows = np.random.default_rng(1).normal(size=(count, size)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return {key(number): row for number, row in enumerate(rows)}


def test_vectors_come_back_nearly_the_same(path: Path) -> None:
    vectors = unit_vectors(50)
    write_vectors(path, NAME, vectors)
    found = ShippedVectors(path, NAME, 384).get([*vectors, key(99)])
    assert set(found) == set(vectors)
    for one, vector in found.items():
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
        assert float(vector @ vectors[one]) > 0.998


def test_a_vector_of_zeros_stays_one(path: Path) -> None:
    write_vectors(path, NAME, {key(1): np.zeros(4, dtype=np.float32)})
    assert ShippedVectors(path, NAME, 4).get([key(1)])[key(1)].tolist() == [0.0] * 4


def test_equal_vectors_are_equal_bytes_in_whatever_order(path: Path, tmp_path: Path) -> None:
    vectors = unit_vectors(5)
    write_vectors(path, NAME, vectors)
    write_vectors(tmp_path / "other.npz", NAME, dict(reversed(vectors.items())))
    assert path.read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_another_embedders_vectors_are_not_taken(path: Path) -> None:
    vectors = unit_vectors(2)
    write_vectors(path, NAME, vectors)
    assert ShippedVectors(path, "embedder-2", 384).get(list(vectors)) == {}


def test_vectors_of_another_length_are_not_taken(path: Path, caplog) -> None:
    vectors = unit_vectors(2, size=10)
    write_vectors(path, NAME, vectors)
    assert ShippedVectors(path, NAME, 384).get(list(vectors)) == {}
    assert "cannot be read" in caplog.text
    assert len(ShippedVectors(path, NAME, None).get(list(vectors))) == 2


def test_no_file_is_no_vectors_and_no_complaint(path: Path, caplog) -> None:
    assert ShippedVectors(path, NAME, 384).get([key(1)]) == {}
    assert not caplog.records


GOOD = {
    "name": np.array(NAME),
    "keys": np.zeros((2, 32), dtype=np.uint8),
    "vectors": np.ones((2, 4), dtype=np.int8),
}


@pytest.mark.parametrize(
    "changed",
    [
        {"keys": np.zeros((1, 32), dtype=np.uint8)},
        {"keys": np.array(3)},
        {"vectors": np.ones((2, 4))},
        {"vectors": np.ones(2, dtype=np.int8)},
        {"vectors": np.array(1, dtype=np.int8)},
        {"vectors": np.ones((2, 4, 4), dtype=np.int8)},
        {"vectors": None},
        {"name": np.array([{"pickled": 1}], dtype=object)},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_told_and_not_taken(path: Path, caplog, changed: Any) -> None:
    arrays = {**GOOD, "keys": np.arange(64, dtype=np.uint8).reshape(2, 32), **changed}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    assert ShippedVectors(path, NAME, 4).get([bytes(32), bytes(range(32))]) == {}
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"text", b"\0" * 1000])
def test_what_is_no_such_file_is_told_and_not_taken(path: Path, caplog, content: bytes) -> None:
    path.write_bytes(content)
    assert ShippedVectors(path, NAME, 384).get([key(1)]) == {}
    assert len(caplog.records) == 1


def test_one_array_alone_is_told_and_not_taken(path: Path, caplog) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    assert ShippedVectors(path, NAME, 384).get([key(1)]) == {}
    assert len(caplog.records) == 1


def test_a_file_damaged_anywhere_never_raises(path: Path, caplog) -> None:
    caplog.set_level(logging.ERROR)
    vectors = unit_vectors(3, size=16)
    write_vectors(path, NAME, vectors)
    whole = path.read_bytes()
    rng = random.Random(1)  # noqa: S311 - repeatable, not secret
    for _ in range(400):
        damaged = bytearray(whole)
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            for _ in range(rng.randint(1, 4)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        for vector in ShippedVectors(path, NAME, 16).get(list(vectors)).values():
            assert vector.shape == (16,)
            assert np.isfinite(vector).all()


def test_a_write_that_is_cut_off_leaves_the_file_as_it_was(path: Path, monkeypatch) -> None:
    vectors = unit_vectors(2)
    write_vectors(path, NAME, vectors)

    def cut_off(file: Path, **arrays: Any) -> None:
        file.write_bytes(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", cut_off)
    with pytest.raises(OSError, match="No space"):
        write_vectors(path, NAME, unit_vectors(3))
    assert len(ShippedVectors(path, NAME, 384).get(list(vectors))) == 2
