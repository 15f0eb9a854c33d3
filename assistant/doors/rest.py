"""REST: ``/api/v1``, JSON or server-sent events, described by OpenAPI.

Knows: HTTP. Does not know how an answer is made. Invariant: every body is a model of the contract,
and every problem is ``{"error": …}``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from assistant import contract
from assistant.access.people import person_of
from assistant.doors.answering import Answering, opened
from assistant.store import Person

DOOR = "rest"
PING_SECONDS = 15
"""A line without meaning keeps proxies from closing a stream while a model thinks."""
SLOW_SECONDS = 60.0
"""A reader who takes nothing for so long is let go."""
EVENTS = "text/event-stream"

Who = Annotated[Person, Depends(person_of)]


class Problem(contract.Part):
    """What went wrong, in one line."""

    error: str


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    means = {
        400: "Not text, or not JSON",
        401: "No key, or not a valid one",
        403: "Not allowed",
        413: "Too long",
        422: "What was sent cannot be taken",
        429: "Too much asked; Retry-After says when to ask again",
        503: "Not ready or too busy",
    }
    return {status: {"model": Problem, "description": means[status]} for status in statuses}


_ASKED = _problems(400, 401, 403, 413, 422, 429, 503)
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with Accept: text/event-stream its events as they come",
        "content": {
            EVENTS: {"schema": {"type": "string", "description": "data: one StreamEvent each"}}
        },
    }
}


def rest_routes(answering: Answering) -> APIRouter:
    """Return the routes of the REST door."""
    routes = APIRouter(prefix=f"/api/v{contract.CONTRACT}", tags=["FirstPilot"])

    @routes.post(
        "/ask", operation_id="ask", response_model=contract.Answer, responses=_ASKED | _STREAMED
    )
    async def ask(asked: contract.Question, person: Who, request: Request) -> Response:
        """Answer a question; every sentence cited and checked."""
        if EVENTS in request.headers.get("accept", ""):
            stream = await opened(answering.stream(person, DOOR, asked), request.is_disconnected)
            return EventSourceResponse(
                _sent(stream), ping=PING_SECONDS, send_timeout=SLOW_SECONDS,
                headers={"X-Accel-Buffering": "no"},
            )  # fmt: skip
        answer = await answering.ask(person, DOOR, asked, request.is_disconnected)
        return Response(answer.model_dump_json(), media_type="application/json")

    @routes.post("/search", operation_id="search", responses=_ASKED)
    async def search(query: contract.Query) -> contract.Found:
        """Find passages, best first, without an answer."""
        return await answering.run(lambda service: service.search(query))

    @routes.post("/verify", operation_id="verify", responses=_ASKED)
    async def verify(text: contract.Text) -> contract.Checked:
        """Hold every sentence of a text against the sources."""
        return await answering.run(lambda service: service.verify(text))

    @routes.post("/feedback", operation_id="feedback", responses=_ASKED)
    async def feedback(opinion: contract.Opinion, person: Who) -> contract.Thanks:
        """Say what you think of an answer you were given."""
        return await answering.run(lambda service: service.feedback(person, opinion))

    @routes.get("/sources", operation_id="sources", responses=_problems(401, 403, 429, 503))
    async def sources() -> contract.Sources:
        """List every document of the knowledge with where it comes from."""
        return await answering.run(lambda service: service.sources())

    return routes


def problem_response(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    """Return a problem as every address of this server tells it."""
    return JSONResponse(Problem(error=error).model_dump(), status, headers)


async def _sent(stream: AsyncIterator[contract.StreamEvent]) -> AsyncIterator[ServerSentEvent]:
    async for event in stream:
        yield ServerSentEvent(event.model_dump_json(), event=event.event)
