"""Retrying: again while there is time, never after a word was said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from assistant.deadlines import Deadline
from assistant.errors import BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from assistant.retrying import retried


def busy(wait: float | None = 0.0) -> BackendUnavailable:
    return BackendUnavailable("busy", wait=wait)


def calling(
    *attempts: Sequence[str | BackendError],
) -> tuple[Callable[[], Iterator[str]], list[int]]:
    """Return what makes one attempt after the other, and the numbers of those made."""
    made: list[int] = []

    def call() -> Iterator[str]:
        attempt = attempts[len(made)]
        made.append(len(made))
        for piece in attempt:
            if isinstance(piece, BackendError):
                raise piece
            yield piece

    return call, made


def run(call: Callable[[], Iterator[str]], times: int = 2, seconds: float = 60) -> list[str]:
    deadline = Deadline()
    with deadline.until(time.monotonic() + seconds):
        return list(retried(call, says=bool, times=times, deadline=deadline))


def test_a_failure_before_the_first_word_is_made_good() -> None:
    call, made = calling([busy()], ["", busy()], ["one", "two"])
    assert run(call) == ["", "one", "two"]
    assert len(made) == 3


def test_after_a_word_there_is_no_way_back() -> None:
    call, made = calling(["one", busy()], ["one"])
    with pytest.raises(BackendUnavailable):
        run(call)
    assert len(made) == 1


@pytest.mark.parametrize("times", [0, 1, 3])
def test_it_ends(times: int) -> None:
    call, made = calling(*[[busy()]] * 9)
    with pytest.raises(BackendUnavailable):
        run(call, times)
    assert len(made) == times + 1


def test_a_refusal_is_final() -> None:
    call, made = calling([BackendRejected("no")], ["one"])
    with pytest.raises(BackendRejected):
        run(call)
    assert len(made) == 1


@pytest.mark.parametrize("wait", [30.0, float("inf"), None])
def test_nobody_waits_beyond_the_deadline(wait: float | None) -> None:
    call, made = calling([busy(wait)], ["one"])
    started = time.monotonic()
    with pytest.raises(BackendUnavailable):
        run(call, seconds=0.3)
    assert len(made) == 1
    assert time.monotonic() - started < 5


def test_without_a_word_from_the_server_waits_grow() -> None:
    call, made = calling([busy(None)], [BackendTimeout("slow")], ["one"])
    started = time.monotonic()
    assert run(call) == ["one"]
    assert time.monotonic() - started >= 0.375 + 0.75
    assert len(made) == 3


def test_leaving_early_closes_the_attempt() -> None:
    closed = []

    def call() -> Iterator[str]:
        try:
            yield "one"
        finally:
            closed.append(True)

    stream = retried(call, says=bool, times=2, deadline=Deadline())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert closed
