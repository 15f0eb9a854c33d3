"""Workers: bounds, and readers who are slow, gone or turned away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator

import pytest

from assistant.doors.workers import Busy, Workers


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def counted(count: int) -> Generator[int, None, None]:
    yield from range(count)


def test_a_slow_reader_holds_no_thread() -> None:
    workers = Workers(1, 10)

    async def read() -> list[int]:
        slow = workers.stream(lambda: counted(1000))
        assert await anext(slow) == 0
        # The slow one stands still; another is served meanwhile by the only thread.
        others = [each async for each in workers.stream(lambda: counted(3))]
        await asyncio.to_thread(until, lambda: workers.inside == 0)
        rest = [each async for each in slow]
        assert rest == list(range(1, 1000))
        return others

    assert asyncio.run(read()) == [0, 1, 2]
    workers.close()


def test_work_for_a_reader_who_left_is_closed_at_its_next_event() -> None:
    workers = Workers(1, 1)
    closed, go = threading.Event(), threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            yield 0
            go.wait(10)
            while True:
                yield 1
        finally:
            closed.set()

    async def leave() -> None:
        reading = workers.stream(endless)
        await anext(reading)
        await reading.aclose()

    asyncio.run(leave())
    go.set()
    until(lambda: closed.is_set() and workers.inside == 0)
    workers.close()


def test_more_than_may_wait_are_turned_away_and_none_is_lost_count_of() -> None:
    workers = Workers(1, 2)
    go = threading.Event()

    async def crowd() -> list[object]:
        waiting = [asyncio.create_task(workers.run(lambda: go.wait(10))) for _ in range(3)]
        await asyncio.sleep(0.1)
        for attempt in range(3):
            with pytest.raises(Busy, match="ask again"):
                if attempt % 2:
                    await workers.run(lambda: None)
                else:
                    await anext(workers.stream(lambda: counted(1)))
        go.set()
        return list(await asyncio.gather(*waiting))

    assert asyncio.run(crowd()) == [True] * 3
    until(lambda: workers.inside == 0)
    workers.close()


def test_who_stops_waiting_before_the_turn_comes_costs_nothing() -> None:
    workers = Workers(1, 5)
    go, ran = threading.Event(), threading.Event()

    async def give_up() -> None:
        first = asyncio.create_task(workers.run(lambda: go.wait(10)))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(workers.run(ran.set))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        go.set()
        await first

    asyncio.run(give_up())
    until(lambda: workers.inside == 0)
    assert not ran.is_set()
    workers.close()


@pytest.mark.parametrize("after", [0, 2])
def test_what_breaks_is_raised_where_it_is_awaited(after: int) -> None:
    workers = Workers(2, 2)

    def breaks() -> Generator[int, None, None]:
        yield from range(after)
        raise LookupError("gone")

    async def read() -> list[int]:
        got: list[int] = []
        with pytest.raises(LookupError, match="gone"):
            async for each in workers.stream(breaks):
                got.append(each)
        return got

    assert asyncio.run(read()) == list(range(after))
    until(lambda: workers.inside == 0)
    workers.close()


def test_a_reader_who_leaves_before_the_turn_comes_frees_the_place() -> None:
    workers = Workers(1, 1)
    go = threading.Event()

    async def leave() -> None:
        first = asyncio.create_task(workers.run(lambda: go.wait(10)))
        await asyncio.sleep(0.05)
        waiting = workers.stream(lambda: counted(3))
        second = asyncio.ensure_future(anext(waiting))
        await asyncio.sleep(0.05)
        assert workers.inside == 2
        second.cancel()
        await asyncio.wait([second])
        await waiting.aclose()
        assert workers.inside == 1
        go.set()
        await first

    asyncio.run(leave())
    until(lambda: workers.inside == 0)
    workers.close()
