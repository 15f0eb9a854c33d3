"""What the asynchronous doors share: the service run by workers, for the person of a request.

Knows: how a call is run and how its failure is told. Does not know any one protocol. Invariant:
what goes wrong reaches a caller as one calm line, and what was not expected only as a reference.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from starlette.requests import ClientDisconnect

from assistant import contract
from assistant.doors.workers import Busy, Workers
from assistant.errors import AssistantError, BackendError, IndexProblem, QuestionError, StorageError
from assistant.service import Service
from assistant.stopping import Stop
from assistant.store import Person

T = TypeVar("T")
Gone = Callable[[], Awaitable[bool]]
"""Says whether whoever asked went away."""
LOOK_SECONDS = 0.5
"""How often that is looked at."""
_log = logging.getLogger(__name__)


class Answering:
    """The service for asynchronous callers."""

    def __init__(self, service: Service, workers: Workers) -> None:
        """Take the service and who does the work."""
        self.service = service
        self.workers = workers

    async def ask(
        self, person: Person, door: str, asked: contract.Question, gone: Gone | None = None
    ) -> contract.Answer:
        """Return the whole answer; raises as ``Service.ask`` does, ``Busy``, or as below.

        Raises:
            ClientDisconnect: whoever asked went away; the work stops.
        """
        return await unless_gone(self._whole(person, door, asked), gone)

    async def _whole(self, person: Person, door: str, asked: contract.Question) -> contract.Answer:
        stop = Stop()
        work = self.workers.stream(lambda: self.service.stream(person, door, asked, stop), stop)
        async with aclosing(work) as events:
            async for event in events:
                if isinstance(event, contract.AnsweredEvent):
                    return event.answer
        raise AssertionError("stream ended without an answer")

    async def run(self, call: Callable[[Service], T]) -> T:
        """Return what one call of the service returns; raises as it does, or ``Busy``."""
        return await self.workers.run(lambda: call(self.service))

    async def stream(
        self, person: Person, door: str, asked: contract.Question
    ) -> AsyncGenerator[contract.StreamEvent, None]:
        """Yield the events of an answer; one that breaks ends with ``failed``.

        Raises:
            QuestionError: the question cannot be taken; told before the first event.
            Busy: too many wait.
        """
        begun = False
        stop = Stop()
        work = self.workers.stream(lambda: self.service.stream(person, door, asked, stop), stop)
        try:
            async with aclosing(work) as events:
                async for event in events:
                    begun = True
                    yield event
        except Exception as problem:
            if not begun:
                raise
            yield contract.FailedEvent(error=told(problem))


async def opened(
    stream: AsyncGenerator[contract.StreamEvent, None],
    gone: Gone | None = None,
) -> AsyncGenerator[contract.StreamEvent, None]:
    """Return a stream whose first event was made; what keeps it from beginning is raised here.

    Raises:
        ClientDisconnect: whoever asked went away before it began.
    """
    first = await unless_gone(anext(stream), gone)

    async def whole() -> AsyncGenerator[contract.StreamEvent, None]:
        try:
            yield first
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    return whole()


async def unless_gone(result: Awaitable[T], gone: Gone | None) -> T:
    """Return a result, or stop working for it when whoever waits for it goes away.

    Raises:
        ClientDisconnect: they went away.
    """
    task = asyncio.ensure_future(result)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=LOOK_SECONDS if gone else None)
            if gone is not None and not task.done() and await gone():
                raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()


def status_of(problem: Exception) -> int:
    """Return the HTTP status that tells a problem."""
    match problem:
        case QuestionError():
            return 422
        case Busy() | IndexProblem() | StorageError() | BackendError():
            return 503
        case _:
            return 500


def told(problem: Exception) -> str:
    """Return a problem as one line for a caller; what nobody expected goes to the log alone."""
    if isinstance(problem, AssistantError):
        return str(problem)
    reference = uuid.uuid4().hex[:8]
    _log.error("request %s failed", reference, exc_info=problem)
    return f"something went wrong here; the server's log has it as {reference}"
