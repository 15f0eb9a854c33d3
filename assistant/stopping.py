"""Stopping: how it is said, from any thread, that nobody wants an answer any more.

Knows: that it was said. Does not know what is under way. Invariant: once said, it is never taken
back.
"""

from __future__ import annotations

import threading


class Stopped(BaseException):
    """Nobody wants the answer any more.

    No ``Exception``, as little as ``GeneratorExit``: nobody failed, and nothing is tried again.
    """


class Stop:
    """Stops one answer. Safe to share between threads."""

    def __init__(self) -> None:
        """Start not stopped."""
        self._said = threading.Event()

    def set(self) -> None:
        """Stop: what waits for a model or a server is woken."""
        self._said.set()

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._said.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` once it was said."""
        if self._said.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait, unless it is said meanwhile.

        Raises:
            Stopped: it was.
        """
        if self._said.wait(seconds):
            raise Stopped
