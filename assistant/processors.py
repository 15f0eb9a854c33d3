"""Processors: how many threads the libraries that calculate may take.

Knows: threadpoolctl, OpenMP and BLAS. Does not know what is calculated. Invariant: who calculates
alone takes all processors, who does beside others one.

The threads of both kinds of libraries wait for each other, and for the next call, by spinning: two
callers on all processors take longer than two on one each, and a multiplication of a millisecond
holds a processor for 25 more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


class Sharing:
    """Counts who calculates by OpenMP. Safe to share between threads."""

    def __init__(self) -> None:
        """Start with nobody inside."""
        self._lock = threading.Lock()
        self._inside = 0

    @cached_property
    def openmp(self) -> ThreadpoolController:
        """What sets the threads of the OpenMP libraries loaded when it was first asked for."""
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController().select(user_api="openmp")

    @contextmanager
    def calculating(self) -> Iterator[None]:
        """Take all processors inside when nobody else is, one otherwise."""
        with self._lock:
            self._inside += 1
            alone = self._inside == 1
        try:
            # The limit is the calling thread's own.
            with nullcontext() if alone else self.openmp.limit(limits=1):
                yield
        finally:
            with self._lock:
                self._inside -= 1


def multiply_by_one_thread() -> None:
    """Let numpy multiply by one thread, in this whole process: our matrices are small."""
    import numpy  # noqa: F401 - only what is loaded can be told
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")
