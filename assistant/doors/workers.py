"""Workers: threads that make answers for the asynchronous doors, so many at once.

Knows: threads and the event loop. Does not know what is made. Invariants: no more run and wait than
was said; a reader who is slow or gone holds no thread, because results go into a queue of its own,
and what is made for nobody stops at its next event, or at once if it heeds a ``Stop``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

from assistant.errors import AssistantError
from assistant.stopping import Stop

T = TypeVar("T")
RETRY_AFTER = 5
"""Seconds after which who was turned away may try again."""
_END = object()


class Busy(AssistantError):
    """Too many questions wait already."""


class Workers:
    """Runs blocking work for asynchronous callers."""

    def __init__(self, at_once: int, waiting: int) -> None:
        """Take how many run at once and how many more may wait."""
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="firstpilot")
        self._most = at_once + waiting
        self._lock = threading.Lock()
        self.inside = 0
        """How many run or wait now."""

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns.

        Raises:
            Busy: too many wait.
        """
        self._enter()
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._pool, work)
        except RuntimeError:
            self._leave()
            raise
        future.add_done_callback(lambda _: self._leave())
        return await future

    async def stream(
        self, work: Callable[[], Generator[T, None, None]], stop: Stop | None = None
    ) -> AsyncGenerator[T, None]:
        """Yield what the work yields; closes it when the caller stops listening.

        Args:
            work: what is run.
            stop: set when the caller stops listening, for work that heeds it.

        Raises:
            Busy: too many wait; told before anything else is done.
        """
        self._enter()
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Any] = asyncio.Queue()
        gone = stop or Stop()

        def tell(item: object) -> None:
            if not gone.is_set() and not loop.is_closed():
                loop.call_soon_threadsafe(told.put_nowait, item)

        def make() -> None:
            try:
                if not gone.is_set():
                    with closing(work()) as made:
                        for item in made:
                            tell(item)
                            if gone.is_set():
                                return
                tell(_END)
            except BaseException as problem:  # noqa: BLE001 - raised again where it is awaited
                tell(problem)

        making = self._pool.submit(make)
        making.add_done_callback(lambda _: self._leave())
        try:
            while (item := await told.get()) is not _END:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            gone.set()
            # What was not begun leaves the queue at once.
            making.cancel()

    def close(self) -> None:
        """Take nothing more; what runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _enter(self) -> None:
        with self._lock:
            if self.inside >= self._most:
                raise Busy(f"{self.inside} questions wait already; ask again in {RETRY_AFTER} s")
            self.inside += 1

    def _leave(self) -> None:
        with self._lock:
            self.inside -= 1
