"""Watching: an HTTP client none of whose reads outlives the time its answer has.

Knows: httpx2's requests and responses. Does not know models. Invariants: a server that keeps a line
open with empty pieces is left as surely as one that says nothing; no response takes more than
``LARGEST`` bytes; what is for this machine goes to it and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2

from assistant.deadlines import Deadline

LARGEST = 32 << 20
"""Bytes of a response; an answer has under 2 MB on the line, a few hundred bytes a token."""


class _Watched(httpx2.SyncByteStream):
    """A response's bytes, each piece checked against the deadline."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for piece in self._inner:
            if not self._deadline.left():
                raise httpx2.ReadTimeout("the answer's time is over")
            taken += len(piece)
            if taken > LARGEST:
                raise httpx2.ReadError(f"the answer has more than {LARGEST >> 20} MB")
            yield piece

    def close(self) -> None:
        self._inner.close()


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

    def watch(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for")
        response.stream = _Watched(response.stream, deadline)

    return httpx2.Client(
        # A compressed answer could be any size once unpacked.
        headers={"Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(read, connect=connect),
        event_hooks={"request": [hurry], "response": [watch]},
        # Elsewhere is not where the operator let the text go.
        follow_redirects=False,
        trust_env=not direct,
    )
