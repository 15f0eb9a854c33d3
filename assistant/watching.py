"""Watching: an HTTP client none of whose reads outlives the time its answer has, or its reader.

Knows: httpx2's requests and responses. Does not know models. Invariants: a server that keeps a line
open with empty pieces is left as surely as one that says nothing; no response takes more than
``LARGEST`` bytes; what is for this machine goes to it and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpcore2
import httpx2

from assistant.deadlines import Deadline

LARGEST = 32 << 20
"""Bytes of a response; an answer has under 2 MB on the line, a few hundred bytes a token."""
LOOK_SECONDS = 0.2
"""How often a read looks whether its answer is still wanted."""


class _Watched(httpx2.SyncByteStream):
    """A response's bytes, which are not more than they may be."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for piece in self._inner:
            taken += len(piece)
            if taken > LARGEST:
                raise httpx2.ReadError(f"the answer has more than {LARGEST >> 20} MB")
            yield piece

    def close(self) -> None:
        self._inner.close()


def _watch_reads(told: Mapping[str, Any], deadline: Deadline) -> None:
    """Let each read of a connection that was just made end with the time the answer has.

    The client itself takes the time of a read when a request is sent and keeps to it; and a read
    under way cannot be ended by another thread.
    """
    stream = told.get("return_value")
    if not isinstance(stream, httpcore2.NetworkStream):
        return
    read = stream.read

    def patient(max_bytes: int, timeout: float | None = None) -> bytes:
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while (left := min(deadline.left(), end - time.monotonic())) > 0:
            with suppress(httpcore2.ReadTimeout):
                return read(max_bytes, timeout=min(left, LOOK_SECONDS))
        raise httpcore2.ReadTimeout("the answer's time is over")

    stream.read = patient  # type: ignore[method-assign]


def watching_client(
    deadline: Deadline, *, connect: float, read: float, direct: bool
) -> httpx2.Client:
    """Return an HTTP client whose reads end at the deadline.

    Args:
        deadline: set around each read by whoever reads.
        connect: seconds to connect.
        read: seconds a single read may take.
        direct: heed no proxy that the environment names, because it may be another machine.
    """

    def hurry(request: httpx2.Request) -> None:
        left = max(deadline.left(), 0.001)
        waits = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            name: left if wait is None else min(wait, left) for name, wait in waits.items()
        }
        request.extensions["trace"] = lambda _, told: _watch_reads(told, deadline)

    def watch(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for")
        response.stream = _Watched(response.stream)

    return httpx2.Client(
        # A compressed answer could be any size once unpacked.
        headers={"Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(read, connect=connect),
        event_hooks={"request": [hurry], "response": [watch]},
        # Elsewhere is not where the operator let the text go.
        follow_redirects=False,
        trust_env=not direct,
    )
