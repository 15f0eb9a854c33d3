"""Passages by the rows they hold: exact, one row a passage, of the allowed documents alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant import rowvectors
from assistant.rowvectors import GroupVectors, RowVectors, write_groups, write_rows
from assistant.schema import Chunk, ListedQuestion


def chunk(number: int, questions: int, document: str = "d.en") -> Chunk:
    return Chunk(
        id=f"c{number}",
        document_id=document,
        heading_path=("Title",),
        position=number,
        text=f"Text {number}.",
        start=0,
        end=7,
        sources=(),
        questions=tuple(ListedQuestion(f"question {number}.{k}") for k in range(questions)),
    )


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    made: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made.astype(np.float32)


@pytest.mark.parametrize("many", [10_000, 0])
@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    count=st.integers(1, 60),
    seed=st.integers(0, 10_000),
)
def test_it_finds_what_looking_at_every_row_finds(
    tmp_path_factory: pytest.TempPathFactory,
    many: int,
    counts: list[int],
    count: int,
    seed: int,
) -> None:
    chance = np.random.default_rng(seed)
    chunks = [chunk(n, questions, f"d{n % 3}.en") for n, questions in enumerate(counts)]
    vectors = np.empty((0, 8), dtype=np.float32)
    if sum(counts):
        vectors = unit(chance.normal(size=(sum(counts), 8)))
    path = tmp_path_factory.mktemp("listed") / "questions.npy"
    with pytest.MonkeyPatch.context() as patched:
        # Along as many axes as there are dimensions nothing is lost.
        patched.setattr(rowvectors, "MANY_ROWS", many)
        write_rows(path, vectors, counts)
    asked = unit(chance.normal(size=(1, 8)))[0]
    owners = [it for it in chunks for _ in it.questions]
    for allowed in (None, {"d0.en", "d1.en"}):
        rows = [
            (float(vector @ asked), owner)
            for vector, owner in zip(vectors, owners, strict=True)
            if allowed is None or owner.document_id in allowed
        ]
        best: dict[str, float] = {}
        for cosine, owner in sorted(rows, key=lambda row: -row[0])[:count]:
            best.setdefault(owner.id, cosine)
        found = RowVectors(path, chunks).nearest(asked, count, allowed)
        assert dict(found) == pytest.approx(best, abs=1e-6)
        assert [cosine for _, cosine in found] == sorted((c for _, c in found), reverse=True)


def test_without_a_row_or_an_embedder_nothing_is_found(tmp_path: Path) -> None:
    path = tmp_path / "questions.npy"
    asked = np.ones(8, dtype=np.float32)
    write_rows(path, np.empty((0, 8), dtype=np.float32), [0])
    assert not path.exists()
    assert RowVectors(path, [chunk(0, 0)]).nearest(asked, 5) == []
    assert RowVectors(path, [chunk(0, 3)]).nearest(asked, 5) == []


def test_of_many_rows_the_nearest_are_found_along_a_few_axes(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    # As of an embedder: most of what tells texts apart lies along a part of the axes.
    spread = np.linspace(2.0, 0.1, 384)
    vectors = unit(chance.normal(size=(rowvectors.MANY_ROWS + 1, 384)) * spread)
    chunks = [chunk(n, 1) for n in range(len(vectors))]
    path = tmp_path / "questions.npy"
    write_rows(path, vectors, [1] * len(vectors))
    assert (tmp_path / "questions-coarse.npy").exists()
    rows = RowVectors(path, chunks)
    missed = 0
    for asked in unit(vectors[::500] + chance.normal(size=vectors[::500].shape) * spread / 40):
        cosines = vectors @ asked
        nearest = {chunks[row].id: float(cosines[row]) for row in np.argsort(-cosines)[:10]}
        found = dict(rows.nearest(asked, 10))
        missed += len(nearest.keys() - found.keys())
        shared = nearest.keys() & found.keys()
        assert {key: found[key] for key in shared} == pytest.approx(
            {key: nearest[key] for key in shared}, abs=1e-5
        )
    assert missed <= 10


def test_axes_of_other_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.npy"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rowvectors, "MANY_ROWS", 0)
        write_rows(path, np.ones((3, 8), dtype=np.float32), [2, 1])
    np.save(tmp_path / "questions-coarse.npy", np.ones((2, 8), dtype=np.float32))
    with pytest.raises(ValueError, match="axes of other rows"):
        RowVectors(path, [chunk(0, 2), chunk(1, 1)])


def test_vectors_of_other_passages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.npy"
    write_rows(path, np.ones((3, 8), dtype=np.float32), [2, 1])
    with pytest.raises(ValueError, match="other passages"):
        RowVectors(path, [chunk(0, 2)])
    write_rows(path, np.ones((3, 8), dtype=np.float32), [2])
    with pytest.raises(ValueError, match="other passages"):
        RowVectors(path, [chunk(0, 2)])


def test_half_of_the_files_is_refused(tmp_path: Path) -> None:
    path, counts = tmp_path / "questions.npy", tmp_path / "questions-counts.npy"
    write_rows(path, np.ones((3, 8), dtype=np.float32), [3])
    kept = counts.read_bytes()
    counts.unlink()
    with pytest.raises(ValueError, match="whose"):
        RowVectors(path, [chunk(0, 3)])
    counts.write_bytes(kept)
    path.unlink()
    with pytest.raises(ValueError, match="other passages"):
        RowVectors(path, [chunk(0, 3)])


def test_no_document_allowed_finds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "questions.npy"
    write_rows(path, unit(np.ones((2, 8))), [2])
    found = RowVectors(path, [chunk(0, 2)])
    assert found.nearest(np.ones(8, dtype=np.float32), 5, set()) == []
    assert found.nearest(np.ones(8, dtype=np.float32), 5, {"other.en"}) == []


def test_a_passage_has_its_own_rows_or_none(tmp_path: Path) -> None:
    path, vectors = tmp_path / "questions.npy", np.eye(3, dtype=np.float32)
    chunks = [chunk(0, 1), chunk(1, 0), chunk(2, 2)]
    write_rows(path, vectors, [1, 0, 2])
    held = RowVectors(path, chunks)
    first, none, last = (held.of(it) for it in chunks)
    assert first is not None and last is not None
    assert np.array_equal(first, vectors[:1]) and np.array_equal(last, vectors[1:])
    assert none is None and held.of(chunk(3, 2)) is None
    assert RowVectors(tmp_path / "missing.npy", chunks).of(chunks[0]) is None


def test_groups_are_looked_at_alone_or_together(tmp_path: Path) -> None:
    path = tmp_path / "unanswered.npy"
    write_groups(path, np.eye(3, dtype=np.float32), {"one": 1, "none": 0, "two": 2})
    held, vector = GroupVectors(path), np.array([0.0, 0.6, 0.8], dtype=np.float32)
    assert held.nearest(vector, 3, ["one"]).tolist() == pytest.approx([0.0])
    assert held.nearest(vector, 3, ["two", "elsewhere"]).tolist() == pytest.approx([0.8, 0.6])
    assert held.nearest(vector, 2).tolist() == pytest.approx([0.8, 0.6])
    assert held.nearest(vector).tolist() == pytest.approx([0.8])
    assert held.nearest(vector, 3, ["none", "elsewhere"]).tolist() == []
    assert held.nearest(vector, 3, []).tolist() == []


def test_groups_without_rows_hold_none(tmp_path: Path) -> None:
    write_groups(tmp_path / "a.npy", np.zeros((0, 3), dtype=np.float32), {})
    assert len(GroupVectors(tmp_path / "a.npy").nearest(np.ones(3, dtype=np.float32))) == 0


def test_groups_of_rows_that_are_gone_are_refused(tmp_path: Path) -> None:
    write_groups(tmp_path / "a.npy", np.eye(3, dtype=np.float32), {"one": 3})
    (tmp_path / "a.npy").unlink()
    with pytest.raises(ValueError, match="other groups"):
        GroupVectors(tmp_path / "a.npy")


@pytest.mark.parametrize("counts", [{"one": 2}, {"one": 2, "two": 2}, {}])
def test_rows_of_other_groups_are_refused(tmp_path: Path, counts: dict[str, int]) -> None:
    path = tmp_path / "unanswered.npy"
    write_groups(path, np.eye(3, dtype=np.float32), counts)
    with pytest.raises(ValueError, match="other groups"):
        GroupVectors(path)
