"""Aboutness: how far a question and a sentence, or two questions, are about the same thing.

Knows: two linear maps over the embedder's vectors, learned from the questions that the knowledge
lists as answered and as not (``evals.train_aboutness``): nearness of vectors alone takes the same
topic for the same matter. Does not know passages or scores. Invariant: for vectors of an embedder
it was not made for it is plain cosine.
"""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FILE = "aboutness.npz"
_log = logging.getLogger(__name__)


class Aboutness:
    """Compares a question's vector with those of sentences and of other questions."""

    def __init__(self, maps: dict[str, Vectors] | None = None) -> None:
        """Take the maps.

        Args:
            maps: ``question`` and ``sentence``, each (dimension, dimension), and the means they are
                applied from, ``question_mean`` and ``sentence_mean``; None compares by cosine.
        """
        self._maps = maps

    @property
    def learned(self) -> bool:
        """Whether it compares by maps; a cosine is high between any two texts of an embedder."""
        return self._maps is not None

    def asked(self, question: Vectors) -> Vectors:
        """Return what is compared of a question that is asked, both (dimension,)."""
        asked: Vectors = self._mapped(question[None], "question")[0]
        return asked

    def of_sentences(self, sentences: Vectors) -> Vectors:
        """Return what is compared of sentences, (n, dimension): ``of_sentences(v) @ asked(q)``."""
        return self._mapped(sentences, "sentence")

    def of_questions(self, questions: Vectors) -> Vectors:
        """Return what is compared of listed questions, (n, dimension), in the same way."""
        return self._mapped(questions, "question")

    def _mapped(self, vectors: Vectors, kind: str) -> Vectors:
        if self._maps is None:
            return vectors
        return mapped(vectors, self._maps[kind], self._maps[f"{kind}_mean"])


def mapped(vectors: Vectors, matrix: Vectors, mean: Vectors) -> Vectors:
    """Return vectors moved to a mean, mapped and scaled to length 1 (zeros stay zeros)."""
    import numpy as np

    moved = (vectors - mean) @ matrix
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Vectors = (moved / lengths).astype(np.float32)
    return unit


def load_aboutness(folder: Path, embedder: str | None) -> Aboutness:
    """Return what a knowledge folder holds for an embedder; plain cosine where it holds none."""
    import numpy as np

    path = folder / FILE
    if embedder is None or not path.is_file():
        return Aboutness()
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if str(held["embedder"]) != embedder:
                return Aboutness()
            return Aboutness({key: _floats(held[key]) for key in held.files if key != "embedder"})
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as exc:
        _log.warning("%s cannot be read (%s); answers are found by plain likeness", path, exc)
        return Aboutness()


def _floats(array: Any) -> Vectors:
    import numpy as np

    return np.asarray(array, dtype=np.float32)
