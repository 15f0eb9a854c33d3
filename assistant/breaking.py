"""Breaking: a circuit breaker, so that a server that keeps failing is not asked for a while.

Knows: failures in a row and the clock. Does not know servers. Invariants: what the block raises
leaves it unchanged; after the rest one caller tries, and the others wait for how that ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FAILURES = 3
"""Failures in a row after which nobody asks."""
REST_SECONDS = 30.0
"""For how long."""


class Resting(Exception):
    """The breaker is open; nothing was done."""


class Breaker:
    """Lets calls through, or not. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed.

        Args:
            clock: gives seconds that never go back.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._resting_until = float("-inf")

    @contextmanager
    def calling(self, failure: Callable[[Exception], bool]) -> Iterator[None]:
        """Run the block as one call; what leaves it early, such as a reader, is no failure.

        Args:
            failure: whether an error says that the server is not well.

        Raises:
            Resting: it failed too often, a short while ago.
        """
        self._enter()
        try:
            yield
        except Exception as exc:
            if failure(exc):
                self._failed()
            else:
                self._worked()
            raise
        else:
            self._worked()

    def answered(self) -> None:
        """Note that the server answers again, though the call is not over: others may ask too."""
        with self._lock:
            self._failures = min(self._failures, FAILURES - 1)

    def _enter(self) -> None:
        with self._lock:
            if self._failures < FAILURES:
                return
            now = self._clock()
            if now < self._resting_until:
                raise Resting
            # This caller tries; should it never come back, another one may, a rest later.
            self._resting_until = now + REST_SECONDS

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._resting_until = self._clock() + REST_SECONDS

    def _worked(self) -> None:
        with self._lock:
            self._failures = 0
