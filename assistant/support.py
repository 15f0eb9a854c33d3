"""Support: how probable it is that evidence bears out a claim, by a small fitted model.

Knows: the weights in ``support.json`` (written by ``evals/train_verifier.py``, with the run that
made them) and how they are applied: boosted trees, then a calibration; one model for claims in the
language of their evidence, and one across languages. Does not know texts. Invariant: a probability
lies strictly between 0 and 1; with numbers whose names are not those it was fitted on, nothing is
loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.weighing import FEATURES, Weighed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).resolve().with_name("support.json")


class SupportModel:
    """A fitted model. Immutable; safe to share between threads."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Take the weights of one model, as ``evals/train_verifier.py`` writes them.

        Raises:
            ValueError: they were fitted on other numbers than this version computes.
        """
        import numpy as np

        if tuple(weights["features"]) != FEATURES:
            raise ValueError(
                "support.json fits other features; run: python -m evals.train_verifier"
            )
        self.threshold = float(weights["threshold"])
        """Probability from which a claim counts as supported."""
        trees = weights["trees"]
        self._base = float(trees["base"])
        self._roots = np.array(trees["roots"], dtype=np.int64)
        self._feature = np.array(trees["feature"], dtype=np.int64)
        self._cut = np.array(trees["cut"])
        self._left = np.array(trees["left"], dtype=np.int64)
        self._right = np.array(trees["right"], dtype=np.int64)
        self._value = np.array(trees["value"])
        self._depth = int(trees["depth"])
        self._slope, self._shift = map(float, weights["calibration"])

    def probabilities(self, rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """Return the probability that each claim is borne out, shape (n,).

        Args:
            rows: numbers in the order of ``FEATURES``.
        """
        import numpy as np

        numbers = np.asarray(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
        clipped = np.clip(self._slope * self._boosted(numbers) + self._shift, -12, 12)
        probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-clipped))
        return probabilities

    def _boosted(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the trees' values; a leaf is its own child, so depth steps suffice."""
        import numpy as np

        rows = np.arange(len(numbers))[:, None]
        node = np.broadcast_to(self._roots, (len(numbers), len(self._roots)))
        for _ in range(self._depth):
            goes_left = numbers[rows, self._feature[node]] <= self._cut[node]
            node = np.where(goes_left, self._left[node], self._right[node])
        total: NDArray[np.float64] = self._value[node].sum(axis=1) + self._base
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The models for claims within one language and across two."""

    within: SupportModel
    across: SupportModel

    def of(self, weighed: Weighed) -> tuple[float, float]:
        """Return the probability that a claim is borne out, and from which it counts as such."""
        model = self.across if weighed.across else self.within
        return float(model.probabilities([weighed.numbers])[0]), model.threshold


@cache
def load_support(*, vectors: bool) -> Support:
    """Return the shipped models.

    Args:
        vectors: whether claims are compared by vectors across languages.
    """
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    across = weights["across" if vectors else "across_without_vectors"]
    return Support(within=SupportModel(weights["within"]), across=SupportModel(across))
