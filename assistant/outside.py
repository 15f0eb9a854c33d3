"""Questions that no passage answers: recognised by likeness, where shared words would mislead.

Knows: the vectors of such questions, by list (``unanswered``). Does not know any passage.
Invariant: without a list or an embedder no question is near one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from assistant.unanswered import LISTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

Vectors = Callable[[str], "NDArray[np.float32] | None"]
"""Gives the vectors of a list by its name, shape (n, dimension), None where there are none."""


class Outside:
    """Tells how near a question is to those that no passage answers."""

    def __init__(self, vectors: Vectors, embeddings: CachedEmbeddings | None) -> None:
        """Take the lists' vectors, and what embeds a question."""
        self._vectors = vectors
        self._embeddings = embeddings

    def match(self, question: str) -> Mapping[str, float]:
        """Return, by list, the cosine with its nearest question; without what has no vectors."""
        if self._embeddings is None:
            return {}
        held = {name: self._vectors(name) for name in LISTS}
        if all(vectors is None for vectors in held.values()):
            return {}
        vector = self._embeddings.embed_queries([question])[0]
        return {
            name: float((vectors @ vector).max())
            for name, vectors in held.items()
            if vectors is not None
        }
