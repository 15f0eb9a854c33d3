"""Questions that no passage answers: recognised by likeness, where shared words would mislead.

Knows: the vectors of such questions, by list (``unanswered``) and by the document that they stand
close to. Does not know any passage. Invariant: without a list or an embedder no question is near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from assistant.unanswered import ANY_DOCUMENT, OUTSIDE, UNANSWERED

if TYPE_CHECKING:
    from assistant.aboutness import Aboutness
    from assistant.embeddings import CachedEmbeddings
    from assistant.rowvectors import GroupVectors

NEAREST = 3
"""Unanswered questions that likeness is the mean of: one may be near by a turn of phrase alone. The
list of what is outside is short, and the nearest one says enough."""


class Outside:
    """Tells how near a question is to those that no passage answers."""

    def __init__(
        self,
        vectors: Callable[[str], GroupVectors],
        embeddings: CachedEmbeddings | None,
        aboutness: Aboutness,
    ) -> None:
        """Take what gives a list's vectors by its name, and what embeds and compares a question."""
        self._aboutness = aboutness
        self._vectors = vectors
        self._embeddings = embeddings

    def match(self, question: str, documents: Iterable[str]) -> Mapping[str, float]:
        """Return, by list, the likeness (see ``aboutness``) of its nearest questions, if any.

        Args:
            question: as asked.
            documents: names of those found: of the questions close to a document, only those close
                to one of these are looked at.
        """
        if self._embeddings is None:
            return {}
        vector = self._aboutness.asked(self._embeddings.embed_queries([question])[0])
        found = {
            OUTSIDE: self._vectors(OUTSIDE).nearest(vector),
            UNANSWERED: self._vectors(UNANSWERED).nearest(
                vector, NEAREST, {ANY_DOCUMENT, *documents}
            ),
        }
        return {name: likeness for name, likeness in found.items() if likeness is not None}
