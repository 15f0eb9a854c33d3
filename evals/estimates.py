"""Estimates: a number never stands without how many cases it rests on and how sure it is.

Knows: Wilson's interval for shares, the percentile bootstrap for everything else. Invariants: what
does not apply (``None``) is left out and never counted as 0; without cases the value is None; the
same values give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054
"""Standard normal quantile of a two-sided interval of 95 %."""
RESAMPLES = 1000
"""Bootstrap samples; enough for two digits of an interval (Efron and Tibshirani, 1993, 13.3)."""
_SEED = 20261126


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured value with its 95 % interval."""

    value: float | None
    """None when no case applied."""
    low: float | None
    high: float | None
    n: int
    """Cases that applied."""

    @property
    def known(self) -> bool:
        """Whether there was any case."""
        return self.value is not None


NOTHING = Estimate(value=None, low=None, high=None, n=0)


def wilson(hits: int, n: int) -> Estimate:
    """Return a share with Wilson's score interval (Wilson, JASA 22, 1927).

    Raises:
        ValueError: not 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    if n == 0:
        return NOTHING
    share = hits / n
    spread = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    middle, scale = share + Z95**2 / (2 * n), 1 + Z95**2 / n
    # At the ends the formula is exact but its floating-point value is not.
    low = 0.0 if hits == 0 else max((middle - spread) / scale, 0.0)
    high = 1.0 if hits == n else min((middle + spread) / scale, 1.0)
    return Estimate(value=share, low=low, high=high, n=n)


def share(outcomes: Iterable[bool | None]) -> Estimate:
    """Return the share of true ones among those that apply."""
    applying = [outcome for outcome in outcomes if outcome is not None]
    return wilson(sum(applying), len(applying))


def mean(values: Iterable[float | None]) -> Estimate:
    """Return the mean of those that apply, with a bootstrap interval.

    Where all are 0 or 1 it is a share, and Wilson's interval is taken: resampling a hundred ones
    would say that the next one is certain.
    """
    applying = [value for value in values if value is not None]
    if all(value in {0, 1} for value in applying):
        return wilson(sum(map(int, applying)), len(applying))
    return _bootstrap(applying, lambda rows: rows.mean(axis=1))


def percentile(values: Iterable[float | None], q: float) -> Estimate:
    """Return a percentile (``q`` in [0, 100]) of those that apply, with a bootstrap interval."""
    return _bootstrap(values, lambda rows: np.percentile(rows, q, axis=1))


def of_pairs(
    scores: ArrayLike,
    truth: ArrayLike,
    statistic: Callable[[NDArray[np.float64], NDArray[np.bool_]], float | None],
    groups: Sequence[str] | None = None,
) -> Estimate:
    """Return a statistic of scores and truths with a bootstrap interval.

    Args:
        scores: one for each case.
        truth: as many.
        statistic: None where it is not defined, as with one class alone.
        groups: equal for cases that are no independent draws (claims about one text), which are
            then drawn together (Field and Welsh, 2007).
    """
    said, came = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.bool_)
    value = statistic(said, came) if len(said) else None
    if value is None:
        return Estimate(value=None, low=None, high=None, n=len(said))
    _, where = np.unique(groups or np.arange(len(said)), return_inverse=True)
    members = np.split(np.argsort(where, kind="stable"), np.cumsum(np.bincount(where))[:-1])
    chance = np.random.default_rng(_SEED)
    found = []
    for _ in range(RESAMPLES):
        sample = chance.integers(len(members), size=len(members))
        taken = sample if groups is None else np.concatenate([members[at] for at in sample])
        again = statistic(said[taken], came[taken])
        if again is not None:
            found.append(again)
    if not found:
        return Estimate(value=value, low=None, high=None, n=len(said))
    low, high = np.percentile(found, [2.5, 97.5])
    return Estimate(value=value, low=float(low), high=float(high), n=len(said))


def _bootstrap(
    values: Iterable[float | None],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Estimate:
    applying = np.array([value for value in values if value is not None], dtype=np.float64)
    if not len(applying):
        return NOTHING
    chance = np.random.default_rng(_SEED)
    drawn = applying[chance.integers(len(applying), size=(RESAMPLES, len(applying)))]
    low, high = np.percentile(statistic(drawn), [2.5, 97.5])
    value = float(statistic(applying[None, :])[0])
    return Estimate(value=value, low=float(low), high=float(high), n=len(applying))
