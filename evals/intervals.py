"""Measures of a yes-or-no score, with intervals.

Knows: AUROC, balanced accuracy, shares. Does not know what is scored. Invariant: pure functions;
where a measure is not defined, its value is None or the function says which input is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 400
Z = 1.959964
"""Standard deviations of a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with its 95 % interval and the number of cases."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, n = {self.n})"


def share(hits: int, n: int) -> Measured | None:
    """Return a share with its Wilson interval; None for no cases (Wilson, 1927)."""
    if not n:
        return None
    p = hits / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    reach = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Measured(value=p, low=max(0.0, middle - reach), high=min(1.0, middle + reach), n=n)


def auroc(truth: ArrayLike, scores: ArrayLike) -> Measured:
    """Return the area under the ROC curve with a bootstrap interval; ties count half.

    Args:
        truth: whether each case is positive; some must be and some not.
        scores: higher for more positive.

    Raises:
        ValueError: all cases are of one class.
    """
    return _bootstrapped(_area, np.asarray(truth, dtype=bool), np.asarray(scores, dtype=float))


def balanced_accuracy(truth: ArrayLike, said: ArrayLike) -> Measured:
    """Return the mean of the shares right among positives and among negatives, bootstrapped.

    Raises:
        ValueError: all cases are of one class.
    """
    return _bootstrapped(_balanced, np.asarray(truth, dtype=bool), np.asarray(said, dtype=float))


def _area(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    positives = int(truth.sum())
    negatives = len(truth) - positives
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def _balanced(truth: NDArray[np.bool_], said: NDArray[np.float64]) -> float:
    yes = said >= 0.5
    return float((yes[truth].mean() + (~yes[~truth]).mean()) / 2)


def _bootstrapped(
    measure: Callable[[NDArray[np.bool_], NDArray[np.float64]], float],
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
) -> Measured:
    """Return a measure with the interval of resamples drawn within each class."""
    if truth.all() or not truth.any():
        raise ValueError("all cases are of one class; there is nothing to tell apart")
    rng = np.random.default_rng(0)
    sides: Sequence[NDArray[np.intp]] = (np.flatnonzero(truth), np.flatnonzero(~truth))
    values = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rng.choice(side, len(side)) for side in sides])
        values.append(measure(truth[drawn], scores[drawn]))
    low, high = np.quantile(values, [0.025, 0.975])
    return Measured(value=measure(truth, scores), low=float(low), high=float(high), n=len(truth))
