"""Passages by the rows they hold: their sentences, or the questions that they say they answer.

Knows: vectors in a memory-mapped file, and whose each is, be it a passage's or a group's. Does not
know Chroma nor ranking.
Invariant: every row is looked at, of some tens of thousands at first along a few axes alone, where
they differ most, because reading them from memory is what takes the time: of the eighty nearest
one in a hundred is missed so (evals/LOG.md). Chroma would take three times as long.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.schema import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MANY_ROWS = 10_000
"""Rows from which they are looked at along a few axes first."""
AXES = 128
"""Dimensions of that first look."""
SHORTLIST = 8
"""Rows that it leaves for each one sought."""


class RowVectors:
    """The rows that some passages hold, by their vectors. Safe to share between threads."""

    def __init__(self, path: Path, chunks: Sequence[Chunk]) -> None:
        """Map the vectors; a file that is not there holds none.

        Args:
            path: as written by ``write_rows``.
            chunks: the passages, in the order they were written in.

        Raises:
            ValueError, OSError, EOFError: a file is damaged, or holds rows of other passages.
        """
        import numpy as np

        self._chunks = chunks
        self._vectors = _read(path)
        self._axes, self._coarse = _read(_beside(path, "axes")), _read(_beside(path, "coarse"))
        if not _counts(path).is_file():
            if self._vectors is not None:
                raise ValueError(f"{path.name} does not say whose its rows are")
            return
        counts = np.load(_counts(path), allow_pickle=False)
        rows = 0 if self._vectors is None else len(self._vectors)
        if len(counts) != len(chunks) or counts.sum() != rows:
            raise ValueError(f"{path.name} holds rows of other passages")
        if self._coarse is not None and (self._axes is None or len(self._coarse) != rows):
            raise ValueError(f"{path.name} was looked at along the axes of other rows")
        self._owners = np.repeat(np.arange(len(chunks)), counts)
        cuts = pairwise(accumulate(counts.tolist(), initial=0))
        self._places = {chunk.id: cut for chunk, cut in zip(chunks, cuts, strict=True)}

    def of(self, chunk: Chunk) -> NDArray[np.float32] | None:
        """Return a passage's rows, shape (n, dimension), None when it has none."""
        if self._vectors is None:
            return None
        start, end = self._places.get(chunk.id, (0, 0))
        return self._vectors[start:end] if end > start else None

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by cosine with the nearest of their rows, best first.

        Args:
            vector: the query's vector, length 1, shape (dimension,).
            count: how many rows to look at.
            allowed: ids of documents to search, None for all.
        """
        import numpy as np

        if self._vectors is None:
            return []
        inside = None
        if allowed is not None:
            held = np.array([chunk.document_id in allowed for chunk in self._chunks], dtype=bool)
            inside = held[self._owners]
        if self._axes is None or self._coarse is None:
            rows = np.arange(len(self._vectors))
            cosines = self._vectors @ vector
        else:
            rows = _highest(
                _within(self._coarse @ (vector @ self._axes), inside), SHORTLIST * count
            )
            cosines = self._vectors[rows] @ vector
        if inside is not None:
            cosines = _within(cosines, inside[rows])
        best: dict[str, float] = {}
        first = _highest(cosines, count)
        for at in first[np.lexsort((rows[first], -cosines[first]))]:
            if np.isfinite(cosines[at]):
                best.setdefault(self._chunks[self._owners[rows[at]]].id, float(cosines[at]))
        return list(best.items())


class GroupVectors:
    """Rows by the group that they belong to. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Map the vectors; a file that is not there holds none.

        Args:
            path: as written by ``write_groups``.

        Raises:
            ValueError, OSError, EOFError: a file is damaged, or counts other rows.
        """
        vectors = _read(path)
        self._groups: dict[str, NDArray[np.float32]] = {}
        if not _groups(path).is_file() and vectors is None:
            return
        counts: dict[str, int] = json.loads(_groups(path).read_text(encoding="utf-8"))
        cuts = [0, *accumulate(counts.values())]
        if cuts[-1] != (0 if vectors is None else len(vectors)):
            raise ValueError(f"{path.name} holds rows of other groups")
        if vectors is not None:
            for name, (start, end) in zip(counts, pairwise(cuts), strict=True):
                self._groups[name] = vectors[start:end]

    def nearest(
        self, vector: NDArray[np.float32], count: int = 1, groups: Iterable[str] | None = None
    ) -> NDArray[np.float32]:
        """Return the cosines with the nearest rows, highest first; none where there is no row.

        Args:
            vector: a text's vector, length 1, shape (dimension,).
            count: of the nearest rows.
            groups: those to look at, None for all; of one that is not there, nothing is known.
        """
        import numpy as np

        named = self._groups if groups is None else self._groups.keys() & set(groups)
        found = [self._groups[name] @ vector for name in named]
        cosines = np.concatenate([np.empty(0, dtype=np.float32), *found])
        nearest: NDArray[np.float32] = np.sort(cosines)[::-1][:count]
        return nearest


def write_groups(path: Path, vectors: NDArray[np.float32], counts: Mapping[str, int]) -> None:
    """Write vectors, shape (n, dimension), and how many of them each group holds, in order."""
    _write(path, vectors)
    _groups(path).write_text(json.dumps(dict(counts)), encoding="utf-8")


def write_rows(
    path: Path, vectors: NDArray[np.float32], counts: Sequence[int], *, searched: bool = True
) -> None:
    """Write vectors, shape (n, dimension), and how many of them each passage holds, in order.

    Args:
        path: of the file to write.
        vectors: the rows.
        counts: of the rows of each passage.
        searched: whether ``nearest`` will be asked of them.
    """
    import numpy as np

    _write(path, vectors)
    if searched and len(vectors) > MANY_ROWS:
        # Their principal axes; eigh gives the least first.
        axes = np.linalg.eigh(vectors.T @ vectors)[1][:, : -AXES - 1 : -1]
        _write(_beside(path, "axes"), axes)
        _write(_beside(path, "coarse"), vectors @ axes)
    np.save(_counts(path), np.asarray(counts, dtype=np.int32), allow_pickle=False)


def _highest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the places of the highest values, in no order."""
    import numpy as np

    return np.argpartition(-values, min(count, len(values)) - 1)[:count]


def _within(values: NDArray[np.float32], inside: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """Return values of which those outside are lower than any."""
    import numpy as np

    return values if inside is None else np.where(inside, values, np.float32(-np.inf))


def _read(path: Path) -> NDArray[np.float32] | None:
    """Map the vectors that ``_write`` wrote; None where there are none.

    Raises:
        ValueError, OSError, EOFError: the file is damaged.
    """
    import numpy as np

    if not path.is_file():
        return None
    vectors: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    return vectors


def _write(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write vectors, shape (n, dimension); none make no file."""
    import numpy as np

    if len(vectors):
        np.save(path, vectors.astype(np.float32), allow_pickle=False)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}-{what}.npy")


def _counts(path: Path) -> Path:
    return _beside(path, "counts")


def _groups(path: Path) -> Path:
    return path.with_name(f"{path.stem}-groups.json")
