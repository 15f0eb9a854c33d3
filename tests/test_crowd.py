"""Many at once: slow readers and leavers, no cross-talk, no thread and no memory left behind."""

from __future__ import annotations

import gc
import mmap
import re
import threading
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import Answered, Assistant, Verified
from tests.scripted import Thinks, Wait, serving
from tests.test_backends import asking  # noqa: F401 - a fixture

READERS = 64
_ASKED = re.compile(r"reader number (\d+)")
FACTS = (
    "In 2026, 28.3% of SMEs (small and medium-sized enterprises) had implemented AI in their "
    "business. [1]",
    "In 2026, 71.7% of SMEs had not started with AI. [1]",
)


def for_each(request: dict[str, Any]) -> Sequence[Any]:
    """Answer each reader by number: a thought with it, then one fact or the other, in pieces."""
    number = int(_ASKED.findall(request["messages"][0]["content"])[-1])
    words = FACTS[number % 2].split(" ")
    return [Thinks(f"for {number}"), *(piece for w in words for piece in (f"{w} ", Wait(0.005)))]


def read(assistant: Assistant, number: int, leave: bool) -> tuple[str, str] | None:
    """Read slowly; return the thoughts and the text, None for one who leaves."""
    question = f"How many SMEs use AI? I am reader number {number}"
    for event in assistant.stream(question):
        time.sleep(0.005)
        if leave and isinstance(event, Verified):
            return None
        if isinstance(event, Answered):
            return event.answer.thoughts, _words(event.answer.text)
    raise AssertionError("no answer")


def _words(text: str) -> str:
    """Return an answer without its marker: which passage holds a fact is for retrieval to say."""
    return re.sub(r"\s*\[\d+\]", "", text).strip()


def crowd(assistant: Assistant, readers: int) -> dict[int, tuple[str, str] | None]:
    """Let readers in at once, every fifth of whom leaves early."""
    found: dict[int, tuple[str, str] | None] = {}

    def run(number: int) -> None:
        found[number] = read(assistant, number, leave=number % 5 == 4)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return found


def settled(before: int) -> bool:
    """Whether no more threads run than before, after a moment's patience."""
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    return threading.active_count() <= before


@pytest.fixture
def shared(asking):  # noqa: F811
    """One assistant over one server that answers each reader differently."""
    with serving(for_each) as (address, script):
        assistant = asking(address, answer_seconds=300, first_token_seconds=300)
        read(assistant, 0, leave=False)
        yield assistant, script


def test_many_slow_readers_get_each_their_own(shared) -> None:
    assistant, script = shared
    before = threading.active_count()
    found = crowd(assistant, READERS)
    for number in range(READERS):
        expected = (f"for {number}", _words(FACTS[number % 2]))
        assert found[number] == (None if number % 5 == 4 else expected)
    assert len(script.requests) == READERS + 1
    assert settled(before)


def resident() -> int:
    """Return the bytes of memory that the process holds, freed ones left out where they can be."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_the_process_does_not_grow(shared) -> None:
    """Crowds after the first take no more memory than a few pages a reader."""
    assistant, _ = shared
    for _ in range(2):
        crowd(assistant, READERS)
    before = resident()
    for _ in range(3):
        crowd(assistant, READERS)
    assert (resident() - before) / (3 * READERS) < 60_000


def test_memory_stays_where_it_is(shared) -> None:
    """What a crowd leaves behind is less than one answer's worth a reader."""
    assistant, _ = shared
    tracemalloc.start()
    try:
        crowd(assistant, READERS)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        crowd(assistant, READERS)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / READERS < 20_000
