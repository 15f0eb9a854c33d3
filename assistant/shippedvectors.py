"""Vectors that travel with the knowledge, so that a first index is built in seconds.

Knows: the file ``knowledge/vectors.npz``: an embedder's name, keys, and vectors of eight bits a
number with one scale a row (cosines change by less than 0.002). Does not know: texts or embedders.
Invariant: a file that is missing, damaged or another embedder's costs time and never raises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "vectors.npz"
_log = logging.getLogger(__name__)


class ShippedVectors:
    """Vectors read from a file, loaded at the first use."""

    def __init__(self, path: Path, name: str, dimension: int | None) -> None:
        """Take the file, and the embedder whose vectors are wanted.

        Args:
            path: of the file.
            name: the embedder's.
            dimension: numbers in its vectors, None where that is not known yet.
        """
        self._path = path
        self._name = name
        self._dimension = dimension

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return those of the vectors that the file has, of length 1 (or all zeros)."""
        import numpy as np

        rows, vectors = self._held
        found = {key: vectors[rows[key]].astype(np.float32) for key in set(keys) if key in rows}
        return {key: vector / (np.linalg.norm(vector) or 1) for key, vector in found.items()}

    @cached_property
    def _held(self) -> tuple[dict[bytes, int], NDArray[np.int8]]:
        import numpy as np

        nothing: tuple[dict[bytes, int], NDArray[np.int8]] = ({}, np.empty((0, 0), dtype=np.int8))
        if not self._path.is_file():
            return nothing
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["name"]) != self._name:
                    return nothing
                keys, vectors = data["keys"], data["vectors"]
            rows = {key.tobytes(): row for row, key in enumerate(keys)}
            count, size = vectors.shape
            fits = len(rows) == count and self._dimension in {size, None}
            if vectors.dtype != np.int8 or not fits:
                raise ValueError("its rows do not fit")
        except Exception as exc:  # noqa: BLE001 - a damaged archive raises of all kinds
            _log.warning("the shipped vectors %s cannot be read (%s)", self._path, exc)
            return nothing
        return rows, vectors


def write_vectors(path: Path, name: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
    """Write vectors of an embedder, in order of their keys, so that equal content is equal bytes.

    Args:
        path: overwritten.
        name: the embedder's.
        vectors: unit vectors by key of 32 bytes; at least one.
    """
    import numpy as np

    keys = sorted(vectors)
    rows = np.stack([vectors[key] for key in keys])
    scale = np.abs(rows).max(axis=1, keepdims=True)
    scale[scale == 0] = 1
    draft = path.with_name(f".{path.name}")
    np.savez_compressed(
        draft,
        name=np.array(name),
        keys=np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 32),
        vectors=np.rint(rows / scale * 127).astype(np.int8),
    )
    draft.replace(path)
