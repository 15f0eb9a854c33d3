"""The OpenAI-compatible door: ``/v1/chat/completions`` and ``/v1/models``, for any chat client.

Knows: OpenAI's protocol. Does not know how an answer is made. Invariants: every sentence streamed
was checked first; citations come as text at the end, as annotations, and whole in ``firstpilot``;
system messages are no instructions to anybody here and are left out.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from assistant import contract
from assistant.access.people import person_of
from assistant.doors import openai_shapes as shapes
from assistant.doors.answering import Answering, opened, status_of, told
from assistant.doors.rest import PING_SECONDS, SLOW_SECONDS
from assistant.doors.workers import RETRY_AFTER
from assistant.errors import QuestionError
from assistant.exchange import restore
from assistant.rendering import to_markdown
from assistant.schema import Role
from assistant.store import Person

DOOR = "openai"
MODEL = "firstpilot"
_AGAIN = "\n\n---\n\n"
"""Between what was broken off and what begins anew: a stream cannot take back what it sent."""
_MARKER = re.compile(r"\[(\d+)\]")

Who = Annotated[Person, Depends(person_of)]


class _Route(APIRoute):
    """A route whose problems are told in OpenAI's words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except ClientDisconnect:
                return Response(status_code=499)
            except HTTPException as exc:
                return _refused(str(exc.detail), exc.status_code)
            except RequestValidationError as exc:
                return _refused(_first(exc.errors()), 400)
            except Exception as exc:  # noqa: BLE001 - whatever it is, a client reads one shape
                status = 400 if isinstance(exc, QuestionError) else status_of(exc)
                return _refused(told(exc), status)

        return handled


def openai_routes(answering: Answering) -> APIRouter:
    """Return the routes of the OpenAI-compatible door."""
    routes = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=_Route)
    started = int(time.time())
    card = shapes.ModelCard(id=MODEL, created=started)

    @routes.get("/models", operation_id="list_models")
    async def models() -> shapes.ModelList:
        """List the one model."""
        return shapes.ModelList(data=[card])

    @routes.get("/models/{model}", operation_id="get_model", responses={404: _ERROR})
    async def model(model: str) -> shapes.ModelCard:
        """Describe the one model."""
        _known(model)
        return card

    @routes.post(
        "/chat/completions",
        operation_id="chat_completions",
        response_model=shapes.ChatCompletion,
        responses=dict.fromkeys((400, 401, 403, 404, 413, 429, 503), _ERROR),
    )
    async def complete(asked: shapes.ChatRequest, person: Who, request: Request) -> Response:
        """Answer the last user message; what came before it is the conversation."""
        _known(asked.model)
        question = _question(asked)
        if asked.stream:
            stream = await opened(answering.stream(person, DOOR, question), request.is_disconnected)
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            return EventSourceResponse(
                _chunks(stream, with_usage=usage), ping=PING_SECONDS, send_timeout=SLOW_SECONDS,
                headers={"X-Accel-Buffering": "no"}, sep="\n",
            )  # fmt: skip
        answer = await answering.ask(person, DOOR, question, request.is_disconnected)
        return Response(_completion(answer).model_dump_json(), media_type="application/json")

    return routes


_ERROR: dict[str, Any] = {
    "description": "An error in OpenAI's words",
    "content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}},
}


def _known(model: str) -> None:
    if model != MODEL:
        raise HTTPException(404, f"there is no model {model[:80]!r} here; name {MODEL!r}")


def _refused(message: str, status: int) -> Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
    return JSONResponse(shapes.error(message, kind, status), status, headers)


def _first(problems: Any) -> str:
    """Return the first problem of a request in one line."""
    first = problems[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _question(asked: shapes.ChatRequest) -> contract.Question:
    """Return what the last user message asks, with the conversation before it.

    Raises:
        QuestionError: there is none, or more than one answer is wanted.
    """
    if asked.n not in {None, 1}:
        raise QuestionError(f"n={asked.n}: there is one answer to a question; leave n out")
    spoken = [turn for turn in asked.messages if turn.role in {"user", "assistant"} and turn.text]
    if not spoken or spoken[-1].role != "user":
        raise QuestionError("the last message is no question of the user; send one")
    *before, last = spoken
    history = tuple(
        contract.Message(role=Role(turn.role), content=turn.text[: contract.MAX_TEXT])
        for turn in before[-100:]
    )
    try:
        return contract.Question(question=last.text, history=history)
    except ValidationError as exc:
        raise QuestionError(_first(exc.errors())) from exc


def _completion(answer: contract.Answer) -> shapes.ChatCompletion:
    text = to_markdown(restore(answer))
    return shapes.ChatCompletion(
        id=f"chatcmpl-{answer.id}",
        created=int(time.time()),
        model=MODEL,
        choices=[
            shapes.Choice(
                message=shapes.Reply(content=text, annotations=_annotations(answer)),
                finish_reason="length" if answer.partial else "stop",
            )
        ],
        usage=_tokens(answer),
        firstpilot=answer,
    )


def _annotations(answer: contract.Answer) -> list[shapes.Annotation]:
    """Return where the markers of the answer's text lead, for sources that have an address."""
    cited = {citation.marker: citation for citation in answer.citations}
    titles = {passage.id: passage.document.title for passage in answer.passages}
    return [
        shapes.Annotation(
            url_citation=shapes.UrlCitation(
                start_index=found.start(),
                end_index=found.end(),
                title=citation.source.title or titles.get(citation.passage_id, ""),
                url=citation.source.url,
            )
        )
        for found in _MARKER.finditer(answer.text)
        for citation in (cited.get(int(found.group(1))),)
        if citation is not None and citation.source.url
    ]


def _tokens(answer: contract.Answer) -> shapes.Tokens:
    read, written = answer.provenance.input_tokens or 0, answer.provenance.output_tokens or 0
    return shapes.Tokens(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


async def _chunks(
    stream: AsyncIterator[contract.StreamEvent], *, with_usage: bool
) -> AsyncIterator[dict[str, str]]:
    """Yield the chunks of a streamed completion, as what stands behind ``data:``."""
    frame: dict[str, Any] = {
        "id": f"chatcmpl-{time.time_ns():x}", "object": "chat.completion.chunk",
        "created": int(time.time()), "model": MODEL,
    }  # fmt: skip

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, str]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"data": json.dumps({**frame, "choices": [choice], **more}, ensure_ascii=False)}

    yield chunk({"role": "assistant", "content": ""})
    space = ""
    """White space that ends what was sent so far: it is sent with what follows, or not at all."""
    async for event in stream:
        match event:
            case contract.VerifiedEvent(piece=piece):
                said = f"{space}{piece}".rstrip()
                space = f"{space}{piece}"[len(said) :]
                yield chunk({"content": said})
            case contract.ThoughtEvent(piece=piece):
                yield chunk({"reasoning_content": piece})
            case contract.RestartedEvent():
                space = ""
                yield chunk({"content": _AGAIN})
            case contract.AnsweredEvent(answer=answer):
                whole = to_markdown(restore(answer))
                yield chunk({"content": whole.removeprefix(answer.text.rstrip())})
                notes = [note.model_dump() for note in _annotations(answer)]
                yield chunk(
                    {"annotations": notes},
                    "length" if answer.partial else "stop",
                    firstpilot=answer.model_dump(mode="json"),
                )
                if with_usage:
                    used = {**frame, "choices": [], "usage": _tokens(answer).model_dump()}
                    yield {"data": json.dumps(used)}
            case contract.FailedEvent(error=error):
                yield {"data": json.dumps(shapes.error(error, "server_error", 503))}
    yield {"data": "[DONE]"}
