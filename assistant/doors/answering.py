"""What the asynchronous doors share: the service run by workers, for the person of a request.

Knows: how a call is run and how its failure is told. Does not know any one protocol. Invariant:
what goes wrong reaches a caller as one calm line, and what was not expected only as a reference.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from assistant import contract
from assistant.doors.workers import Busy, Workers
from assistant.errors import AssistantError, BackendError, IndexProblem, QuestionError, StorageError
from assistant.service import Service
from assistant.store import Person

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Answering:
    """The service for asynchronous callers."""

    def __init__(self, service: Service, workers: Workers) -> None:
        """Take the service and who does the work."""
        self.service = service
        self.workers = workers

    async def ask(self, person: Person, door: str, asked: contract.Question) -> contract.Answer:
        """Return the whole answer; raises as ``Service.ask`` does, or ``Busy``."""
        return await self.workers.run(lambda: self.service.ask(person, door, asked))

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
        try:
            async for event in self.workers.stream(
                lambda: self.service.stream(person, door, asked)
            ):
                begun = True
                yield event
        except Exception as problem:
            if not begun:
                raise
            yield contract.FailedEvent(error=told(problem))


async def opened(
    stream: AsyncGenerator[contract.StreamEvent, None],
) -> AsyncGenerator[contract.StreamEvent, None]:
    """Return a stream whose first event was made; what keeps it from beginning is raised here."""
    first = await anext(stream)

    async def whole() -> AsyncGenerator[contract.StreamEvent, None]:
        try:
            yield first
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    return whole()


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
