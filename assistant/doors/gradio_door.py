"""The Gradio API: named endpoints for ``gradio_client`` and ``@gradio/client``.

Knows: how Gradio lists and calls functions. Does not know the page. Invariants: the endpoints here
are the only ones listed; each returns the contract's model as JSON, with its version in
``contract``; a parameter is added at the end with a default, never renamed or moved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Literal, TypeVar

import gradio as gr
from pydantic import ValidationError

from assistant import contract
from assistant.access.people import person_of
from assistant.doors.answering import Answering, opened, told
from assistant.store import Person

DOOR = "gradio"
ENDPOINTS = ("ask", "ask_stream", "search", "verify", "feedback", "sources")
T = TypeVar("T", bound=contract.Part)
Json = dict[str, Any]


def add_endpoints(page: gr.Blocks, answering: Answering) -> None:
    """Add the endpoints to a page; every other event of it must be private."""

    async def ask(
        question: str,
        request: gr.Request,
        history: list[Json] | None = None,
        filters: Json | None = None,
    ) -> Json:
        """Answer a question; every sentence cited and checked."""
        asked = _question(question, history, filters)
        return _json(await _calm(answering.ask(_asker(request), DOOR, asked)))

    async def ask_stream(
        question: str,
        request: gr.Request,
        history: list[Json] | None = None,
        filters: Json | None = None,
    ) -> AsyncIterator[Json]:
        """Yield the events of an answer as they come; the last one holds the whole answer."""
        asked = _question(question, history, filters)
        async for event in await _calm(opened(answering.stream(_asker(request), DOOR, asked))):
            yield _json(event)

    async def search(query: str, count: int = 8, filters: Json | None = None) -> Json:
        """Find passages, best first, without an answer."""
        wanted = _read(contract.Query, query=query, count=count, filters=filters or {})
        return _json(await _calm(answering.run(lambda service: service.search(wanted))))

    async def verify(text: str, passages: list[str] | None = None) -> Json:
        """Hold every sentence of a text against the passages it cites as [n], or what is found."""
        taken = _read(contract.Text, text=text, passages=passages)
        return _json(await _calm(answering.run(lambda service: service.verify(taken))))

    async def feedback(
        answer_id: str, rating: Literal[-1, 0, 1], request: gr.Request, comment: str = ""
    ) -> Json:
        """Say what you think of an answer: 1 for good, -1 for bad, 0 for a comment alone."""
        opinion = _read(contract.Opinion, answer_id=answer_id, rating=rating, comment=comment)
        person = _asker(request)
        given = answering.run(lambda service: service.feedback(person, opinion))
        return _json(await _calm(given))

    async def sources() -> Json:
        """List every document of the knowledge with where it comes from."""
        return _json(await _calm(answering.run(lambda service: service.sources())))

    with page:
        for name, call in zip(
            ENDPOINTS, (ask, ask_stream, search, verify, feedback, sources), strict=True
        ):
            # The workers hold how many run at once; Gradio's own queue must not hold fewer.
            gr.api(call, api_name=name, concurrency_limit=None)  # type: ignore[attr-defined]


def _asker(request: gr.Request) -> Person:
    assert request.request is not None  # noqa: S101 - Gradio calls with one
    return person_of(request.request)


def _question(question: str, history: list[Json] | None, filters: Json | None) -> contract.Question:
    return _read(contract.Question, question=question, history=history or [], filters=filters or {})


def _read(model: type[T], **values: Any) -> T:
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise gr.Error(f"{where}: {first['msg']}", print_exception=False) from None


async def _calm(result: Awaitable[Any]) -> Any:
    try:
        return await result
    except Exception as problem:  # noqa: BLE001 - told in one shape, and logged there
        raise gr.Error(told(problem), print_exception=False) from None


def _json(part: contract.Part) -> Json:
    return part.model_dump(mode="json")
