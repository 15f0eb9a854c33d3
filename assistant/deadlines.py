"""Deadlines: the moment by which what is read on a thread must have come, and who ends it before.

Knows: the clock. Does not know what is read. Invariant: a deadline ends with the block it was set
for, whatever happens inside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.stopping import Stop


class Deadline(threading.local):
    """The moment, on this thread, by which what is read must have come; monotonic seconds."""

    at: float = float("inf")

    def __init__(self) -> None:
        """Start without end, on each thread."""
        self._stop = Stop()

    @contextmanager
    def until(self, moment: float, stop: Stop | None = None) -> Iterator[None]:
        """Set the moment for what runs inside, and what ends it before."""
        before = self.at, self._stop
        self.at, self._stop = moment, stop or Stop()
        try:
            yield
        finally:
            self.at, self._stop = before

    def left(self) -> float:
        """Return the seconds left, not below 0.

        Raises:
            Stopped: nobody waits any more.
        """
        self._stop.check()
        return max(self.at - time.monotonic(), 0.0)

    def sleep(self, seconds: float) -> None:
        """Wait, whatever time is left.

        Raises:
            Stopped: nobody waits any more.
        """
        self._stop.sleep(seconds)
