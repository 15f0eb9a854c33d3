"""Stopping: whatever an answer waits for, it ends when its reader is gone, and no later."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from langchain_core.messages import HumanMessage

from assistant.assistant import Assistant
from assistant.breaking import FAILURES
from assistant.deadlines import Deadline
from assistant.doors.workers import Workers
from assistant.schema import Message, Retrieved, Role
from assistant.stopping import Stop, Stopped
from assistant.watching import watching_client
from tests.scripted import DROP, Answer, Script, Status, Wait, serving
from tests.test_backends import QUESTION, asking, backend, fact, said  # noqa: F401 - fixtures

LONG = 60.0
"""Seconds that nothing here waits for, unless something is wrong."""


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def silent(request: dict[str, Any]) -> list[str]:
    """Read a prompt for a long time before anything is said, headers included."""
    time.sleep(25)
    return ["One."]


BUSY = Status(503, "busy", (("retry-after", str(LONG / 2)),))
WAITS: dict[str, Answer] = {
    "prefill": silent,
    "first word": [Wait(LONG)],
    "retry": BUSY,
    "kept warm": [Wait(LONG, ping=True)],
    "between words": ["One", Wait(LONG)],
    "sentence": ["word ", Wait(0.02)] * 3000,
}


@pytest.mark.parametrize("waits", list(WAITS))
def test_a_call_ends_wherever_it_waits(settings, waits: str) -> None:
    stop = Stop()
    ended: list[type[BaseException] | None] = []
    with serving(WAITS[waits]) as (address, script):
        made = backend(settings, address, retries=5, first_token_seconds=LONG)

        def call() -> None:
            try:
                list(made.stream([HumanMessage(content="?")], stop))
            except BaseException as end:  # noqa: BLE001 - no failure ends it
                ended.append(type(end))

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        until(lambda: script.requests)
        time.sleep(0.3)
        stop.set()
        thread.join(15)
        assert ended == [Stopped]
        assert len(script.requests) == 1
        if waits in {"kept warm", "sentence"}:
            until(lambda: script.broken == 1)


def test_being_stopped_is_no_failure(settings) -> None:
    answers = [Status(500)] * (FAILURES - 1)
    with serving(*answers, ["One."]) as (address, script):
        made = backend(settings, address)
        for _ in answers:
            with pytest.raises(Exception, match="500"):
                said(made)
        stopped = Stop()
        stopped.set()
        for _ in range(FAILURES):
            with pytest.raises(Stopped):
                list(made.stream([HumanMessage(content="?")], stopped))
        assert said(made)[0] == "One."
    assert len(script.requests) == FAILURES


def run(assistant: Assistant, script: Script, question: str, history: list[Message]) -> list[Any]:
    """Stop an answer once the model was called; return its events."""
    events: list[Any] = []
    stop, ended = Stop(), threading.Event()

    def read() -> None:
        events.extend(assistant.stream(question, history, stop=stop))
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    until(lambda: script.requests, LONG)
    stop.set()
    assert ended.wait(15)
    return events


def test_an_answer_ends_in_the_middle_of_a_sentence(asking) -> None:  # noqa: F811
    with serving(["word ", Wait(0.02)] * 3000) as (address, script):
        events = run(asking(address, answer_tokens=3000), script, QUESTION, [])
        until(lambda: script.broken == 1)
    assert all(isinstance(event, Retrieved) for event in events)


def test_an_answer_ends_while_its_question_is_rewritten(asking) -> None:  # noqa: F811
    history = [Message(role=Role.USER, content="What share of SMEs use AI in customer service?")]
    with serving([Wait(LONG)]) as (address, script):
        patient = asking(address, first_token_seconds=LONG)
        assert run(patient, script, "and in design?", history) == []
    assert len(script.requests) == 1


def test_what_was_said_before_the_stop_is_paid(asking, fact, tmp_path: Path) -> None:  # noqa: F811
    stop = Stop()
    with serving([fact, " More", Wait(LONG)]) as (address, _):
        assistant = asking(address, prices={"vllm:m": (1.0, 2.0)}, first_token_seconds=LONG)
        ledger = assistant._writer._ledger
        ledger._path = tmp_path / "spending.json"
        for event in assistant.stream(QUESTION, stop=stop):
            if not isinstance(event, Retrieved):
                stop.set()
    assert ledger.spent() > 0


def test_a_worker_is_free_as_soon_as_its_reader_is_gone(settings) -> None:
    workers, stop = Workers(1, 1), Stop()
    with serving([Wait(LONG)]) as (address, script):
        made = backend(settings, address, first_token_seconds=LONG)

        def work() -> Generator[object, None, None]:
            yield from made.stream([HumanMessage(content="?")], stop)

        async def leave() -> None:
            reading = asyncio.ensure_future(anext(workers.stream(work, stop)))
            await asyncio.to_thread(until, lambda: script.requests)
            reading.cancel()
            await asyncio.wait([reading])

        asyncio.run(leave())
        until(lambda: workers.inside == 0)
    workers.close()


def test_a_read_ends_with_the_time_left_now_not_when_the_request_was_sent() -> None:
    deadline = Deadline()
    client = watching_client(deadline, connect=5, read=LONG, direct=True)
    with (
        serving(["One.", Wait(10), DROP]) as (address, _),
        client.stream("POST", address, json={"stream": True}) as response,
    ):
        pieces = response.iter_bytes()
        with deadline.until(time.monotonic() + 0.4), pytest.raises(httpx2.ReadTimeout):
            list(pieces)
    client.close()


def test_reads_of_a_client_without_deadline_end_with_its_own_time() -> None:
    client = watching_client(Deadline(), connect=5, read=0.4, direct=True)
    with (
        serving(["One.", Wait(10), DROP]) as (address, _),
        client.stream("POST", address, json={"stream": True}) as response,
        pytest.raises(httpx2.ReadTimeout),
    ):
        list(response.iter_bytes())
    client.close()
