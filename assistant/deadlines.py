"""Deadlines: the moment by which what is read on a thread must have come.

Knows: the clock. Does not know what is read. Invariant: a deadline ends with the block it was set
for, whatever happens inside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Deadline(threading.local):
    """The moment, on this thread, by which what is read must have come; monotonic seconds."""

    at: float = float("inf")

    @contextmanager
    def until(self, moment: float) -> Iterator[None]:
        """Set the moment for what runs inside."""
        before, self.at = self.at, moment
        try:
            yield
        finally:
            self.at = before

    def left(self) -> float:
        """Return the seconds left, not below 0."""
        return max(self.at - time.monotonic(), 0.0)
