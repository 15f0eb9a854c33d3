"""Breaking: three failures, a rest, one try."""

from __future__ import annotations

import sys
import threading
from collections import Counter

import pytest

from assistant.breaking import FAILURES, REST_SECONDS, Breaker, Resting


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, problem: Exception) -> None:
    with pytest.raises(type(problem)), breaker.calling(lambda exc: isinstance(exc, OSError)):
        raise problem


def works(breaker: Breaker) -> None:
    with breaker.calling(lambda exc: True):
        pass


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        fail(breaker, OSError())
    return breaker


def test_after_some_failures_in_a_row_nobody_calls() -> None:
    breaker = broken(Clock())
    with pytest.raises(Resting):
        works(breaker)


def test_a_success_begins_the_count_anew() -> None:
    breaker = Breaker(Clock())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            fail(breaker, OSError())
        works(breaker)


def test_what_is_no_failure_does_not_count() -> None:
    breaker = Breaker(Clock())
    for _ in range(2 * FAILURES):
        fail(breaker, ValueError())
    works(breaker)


def test_after_the_rest_one_tries_and_the_others_wait() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = REST_SECONDS
    with breaker.calling(lambda exc: True):
        with pytest.raises(Resting):
            works(breaker)
        breaker.answered()
        works(breaker)
    works(breaker)


def test_a_try_that_fails_means_another_rest() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = REST_SECONDS
    fail(breaker, OSError())
    clock.now = 2 * REST_SECONDS - 1
    with pytest.raises(Resting):
        works(breaker)
    clock.now = 2 * REST_SECONDS
    works(breaker)


def test_a_try_that_never_comes_back_blocks_nobody_for_good() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = REST_SECONDS
    with pytest.raises(GeneratorExit), breaker.calling(lambda exc: True):
        raise GeneratorExit
    with pytest.raises(Resting):
        works(breaker)
    clock.now = 2 * REST_SECONDS
    works(breaker)


def test_threads_get_their_own_error_or_a_rest_and_nothing_else() -> None:
    breaker, seen = Breaker(), Counter[type[BaseException]]()

    def hammer() -> None:
        for n in range(300):
            try:
                with breaker.calling(lambda exc: True):
                    if n % 2:
                        raise OSError
            except Exception as exc:  # noqa: BLE001 - the kinds are what is tested
                seen[type(exc)] += 1

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=hammer) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert set(seen) <= {OSError, Resting}


def test_a_rest_is_a_new_error_each_time() -> None:
    """One kept and raised again would grow by a traceback each time."""
    breaker = broken(Clock())
    found = []
    for _ in range(2):
        with pytest.raises(Resting) as caught:
            works(breaker)
        found.append(caught.value)
    assert found[0] is not found[1]
