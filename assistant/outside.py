"""Questions that lie outside: recognised by likeness, where shared words would mislead.

Knows: the list ``knowledge/outside.yaml``. Does not know any passage. Invariant: without a list or
an embedder nothing is outside.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from assistant.errors import KnowledgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embeddings import CachedEmbeddings

FILE = "outside.yaml"
_FORM = (
    "needs 'questions:' with kinds, and a list of questions for each, such as fun: [sing a song]"
)


def load_outside(folder: Path) -> list[str]:
    """Return the questions of a knowledge folder's list; empty when it has none.

    Raises:
        KnowledgeError: the file is not a mapping of kinds to lists of questions.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        kinds = data["questions"].values()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        reason = " ".join(str(exc).split())
        raise KnowledgeError(str(path), None, f"cannot be read as YAML: {reason}") from exc
    except (AttributeError, KeyError, TypeError) as exc:
        raise KnowledgeError(str(path), None, _FORM) from exc
    for kind in kinds:
        # A text would be read letter by letter.
        if not isinstance(kind, list) or not all(isinstance(text, str | int) for text in kind):
            raise KnowledgeError(str(path), None, f"{_FORM}; this is none: {kind!r}")
    return [str(text) for kind in kinds for text in kind]


class Outside:
    """Tells how near a question is to those that lie outside."""

    def __init__(self, questions: list[str], embeddings: CachedEmbeddings | None) -> None:
        """Take the list, and what embeds it (at the first question; kept in the vector cache)."""
        self._questions = questions
        self._embeddings = embeddings

    def match(self, question: str) -> float | None:
        """Return the cosine with the nearest question outside, None without list or embedder."""
        if self._embeddings is None or not self._questions:
            return None
        vector = self._embeddings.embed_queries([question])[0]
        return float((self._vectors @ vector).max())

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        assert self._embeddings is not None  # noqa: S101 - match looked
        return self._embeddings.array(self._questions, as_queries=True)
