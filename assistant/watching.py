"""Watching: an HTTP client none of whose reads outlives the time its answer has.

Knows: httpx2's responses. Does not know models. Invariant: a server that keeps a line open with
empty pieces is left as surely as one that says nothing, after at most one read's time more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2

from assistant.deadlines import Deadline


class _Watched(httpx2.SyncByteStream):
    """A response's bytes, each piece checked against the deadline."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            if not self._deadline.left():
                raise httpx2.ReadTimeout("the answer's time is over")
            yield piece

    def close(self) -> None:
        self._inner.close()


def watching_client(deadline: Deadline, *, connect: float, read: float) -> httpx2.Client:
    """Return an HTTP client whose reads end at the deadline, and whose waits fit into it.

    Args:
        deadline: set around each read by whoever reads.
        connect: seconds to connect.
        read: seconds a single read may take.
    """

    def watch(response: httpx2.Response) -> None:
        response.stream = _Watched(response.stream, deadline)
        wait = _wait(response)
        if wait is not None and wait > deadline.left():
            # The client library would sleep through the deadline; it heeds this header.
            response.headers["x-should-retry"] = "false"

    return httpx2.Client(
        timeout=httpx2.Timeout(read, connect=connect),
        event_hooks={"response": [watch]},
        follow_redirects=True,
    )


def _wait(response: httpx2.Response) -> float | None:
    """Return the seconds a server asks to wait, None when it does not or asks by a date."""
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
