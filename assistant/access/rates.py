"""Rates: how much one key or address may ask.

Knows: the ``limits`` library. Does not know HTTP. Each process counts for itself: with several
workers, each allows the rate.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

GUESSES = "10/minute;100/day"
"""How often an address may send a secret that is none, at all doors together."""


class Rates:
    """Counts what callers ask. Safe to share between threads."""

    def __init__(self, rates: str, times: int = 1) -> None:
        """Take the rates, such as ``120/minute`` or ``20/second;5000/day``, and multiply them."""
        self._limits = [
            type(limit)(limit.amount * times, limit.multiples, limit.namespace)
            for limit in parse_many(rates)
        ]
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait(self, caller: str) -> int | None:
        """Count a request; return after how many seconds to try again, or None to go on."""
        for limit in self._limits:
            if not self._limiter.hit(limit, caller):
                return self._seconds(limit, caller)
        return None

    def wait_before(self, caller: str) -> int | None:
        """Return as ``wait`` does, without counting."""
        for limit in self._limits:
            if not self._limiter.test(limit, caller):
                return self._seconds(limit, caller)
        return None

    def _seconds(self, limit: RateLimitItem, caller: str) -> int:
        reset = self._limiter.get_window_stats(limit, caller).reset_time
        return max(1, math.ceil(reset - time.time()))
