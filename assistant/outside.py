"""Questions that no passage answers: recognised by likeness, where shared words would mislead.

Knows: the vectors of such questions, by list (``unanswered``) and by the document that they stand
close to. Does not know any passage. Invariant: without a list or an embedder no question is near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.unanswered import ANY_DOCUMENT, OUTSIDE, UNANSWERED

if TYPE_CHECKING:
    from assistant.aboutness import Aboutness
    from assistant.embeddings import CachedEmbeddings
    from assistant.rowvectors import GroupVectors

NEAREST = 3
"""Questions, unanswered or listed, that likeness is the mean of: one may be near by a phrase alone.
The list of what is outside is short, and the nearest one says enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """Likeness (see ``aboutness``) of the nearest questions that nothing answers; None: no list."""

    outside: float | None = None
    """That have nothing to do with the knowledge."""
    unanswered: float | None = None
    """That are about its matter, or stand close to a document found."""
    elsewhere: float | None = None
    """That stand close to no document, alone."""


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

    def match(self, question: str, documents: Iterable[str]) -> Beyond:
        """Return how near a question is to those that no passage answers.

        Args:
            question: as asked.
            documents: names of those found: of the questions close to a document, only those close
                to one of these are looked at.
        """
        if self._embeddings is None:
            return Beyond()
        vector = self._aboutness.asked(self._embeddings.embed_queries([question])[0])
        unanswered = self._vectors(UNANSWERED)
        close = unanswered.nearest(vector, NEAREST, documents).tolist()
        elsewhere = unanswered.nearest(vector, NEAREST, [ANY_DOCUMENT]).tolist()
        return Beyond(
            outside=_mean(self._vectors(OUTSIDE).nearest(vector).tolist()),
            unanswered=_mean(sorted(close + elsewhere)[-NEAREST:]),
            elsewhere=_mean(elsewhere),
        )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
