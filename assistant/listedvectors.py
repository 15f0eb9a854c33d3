"""Listed questions by meaning: which passages say that they answer a question like the one asked.

Knows: one language's vectors of listed questions, in a memory-mapped file, and whose they are. Does
not know Chroma nor ranking. Invariant: the search is exact, every row being looked at; curators
write some tens of thousands of questions at most, which takes less than a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.schema import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ListedVectors:
    """The questions that some passages list, by their vectors. Safe to share between threads."""

    def __init__(self, path: Path, chunks: Sequence[Chunk]) -> None:
        """Map the vectors; a file that is not there holds none.

        Args:
            path: as written by ``write_listed``.
            chunks: the passages, in the order they were written in.

        Raises:
            ValueError: the file holds vectors of other passages.
        """
        import numpy as np

        self._owners = np.repeat(np.arange(len(chunks)), [len(it.questions) for it in chunks])
        self._chunks = chunks
        self._vectors = read_listed(path)
        if self._vectors is not None and len(self._vectors) != len(self._owners):
            raise ValueError(f"{path.name} has {len(self._vectors)} rows")

    def nearest(
        self,
        vector: NDArray[np.float32],
        count: int,
        allowed: Collection[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Return chunk ids by cosine with the nearest question they list, best first.

        Args:
            vector: the query's vector, length 1, shape (dimension,).
            count: how many questions to look at.
            allowed: ids of documents to search, None for all.
        """
        import numpy as np

        if self._vectors is None:
            return []
        cosines = self._vectors @ vector
        if allowed is not None:
            inside = np.array([chunk.document_id in allowed for chunk in self._chunks], dtype=bool)
            cosines = np.where(inside[self._owners], cosines, -np.inf)
        first = np.argpartition(-cosines, min(count, len(cosines)) - 1)[:count]
        best: dict[str, float] = {}
        for row in first[np.lexsort((first, -cosines[first]))]:
            if np.isfinite(cosines[row]):
                best.setdefault(self._chunks[self._owners[row]].id, float(cosines[row]))
        return list(best.items())


def read_listed(path: Path) -> NDArray[np.float32] | None:
    """Map the vectors that ``write_listed`` wrote; None where there are none.

    Raises:
        ValueError, OSError: the file is damaged.
    """
    import numpy as np

    if not path.is_file():
        return None
    vectors: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    return vectors


def write_listed(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write the vectors of a list of questions, shape (n, dimension); none make no file."""
    import numpy as np

    if len(vectors):
        np.save(path, vectors.astype(np.float32), allow_pickle=False)
