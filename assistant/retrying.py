"""Retrying: a call that found its server busy is made again, as long as there is time.

Knows: how long to wait between attempts. Does not know servers. Invariants: nothing is asked again
once a piece said something; no wait outlives the deadline; a refusal is final.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TypeVar

from assistant.deadlines import Deadline
from assistant.errors import BackendError, BackendRejected

FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds to wait after a first failure, doubled after each, where the server names none."""

T = TypeVar("T")


def retried(
    call: Callable[[], Iterator[T]],
    *,
    says: Callable[[T], bool],
    times: int,
    deadline: Deadline,
) -> Iterator[T]:
    """Yield what a call yields; a call that fails before it said anything is made again.

    Args:
        call: makes one attempt.
        says: whether a piece says something, so that there is no way back.
        times: attempts after the first.
        deadline: of the reading thread; there is no wait beyond it.

    Raises:
        BackendError: of the last attempt.
        Stopped: nobody waits any more.
    """
    for attempt in range(times + 1):
        begun = False
        try:
            for piece in call():
                begun = begun or says(piece)
                yield piece
            return
        except BackendError as problem:
            wait = _backoff(attempt) if problem.wait is None else problem.wait
            final = begun or attempt == times or isinstance(problem, BackendRejected)
            if final or wait >= deadline.left():
                raise
        deadline.sleep(wait)


def _backoff(attempt: int) -> float:
    """Return the seconds to wait; some at random, so that callers do not come back together."""
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) * random.uniform(0.75, 1.0)  # noqa: S311
