"""The web server: the page and every door, behind the guard. No logic of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from assistant import __version__
from assistant.access.forwarded import Forwarded
from assistant.access.guard import Guard
from assistant.access.login import login_routes
from assistant.access.people import person_of
from assistant.access.policy import Policy, policy_for
from assistant.access.rates import GUESSES, Rates
from assistant.assistant import Assistant
from assistant.doors.answering import Answering, status_of, told
from assistant.doors.gradio_door import add_endpoints
from assistant.doors.health import Measures, health_routes
from assistant.doors.mcp_door import PATH, mcp_server
from assistant.doors.openai_door import openai_routes
from assistant.doors.rest import problem_response, rest_routes
from assistant.doors.workers import RETRY_AFTER, Workers
from assistant.errors import AssistantError
from assistant.intake import MAX_BYTES
from assistant.service import Service, Uses
from assistant.settings import Settings, baselines_dir
from assistant.store import Store
from assistant.ui.page import HEAD, build_ui
from assistant.ui.pages import page_routes
from assistant.uploads import Take

_DAY = 24 * 3600
_SENT = 64 * 1024
"""Bytes that a form puts around an upload."""


def create_app(
    assistant: Assistant,
    store: Store,
    take: Take | None = None,
    settings: Settings | None = None,
) -> FastAPI:
    """Return the application: the page at ``/``, the doors beside it, the guard before all.

    Args:
        assistant: answers.
        store: keeps conversations, feedback, usage and keys.
        take: takes the documents that maintainers add; None for a page without that.
        settings: how it may be reached; None reads them.

    Raises:
        SettingsError: others could reach it, and neither a password nor a key is there.
    """
    settings = settings or Settings()
    policy = policy_for(settings, has_keys=bool(store.keys.all()))
    workers = Workers(settings.concurrency, settings.waiting)
    measures = Measures(workers)
    guesses = Rates(GUESSES)
    uses = Uses(store, measures.answered)
    answering = Answering(Service(assistant, store, uses), workers)
    tools = mcp_server(answering, lambda request: request.state.person)
    tools_app = tools.streamable_http_app()

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run():
            tidying = asyncio.create_task(_let_go_daily(store, settings.retention_days))
            yield
            tidying.cancel()
            with suppress(asyncio.CancelledError):
                await tidying
        workers.close()

    app = FastAPI(
        title="FirstPilot",
        version=__version__,
        description="Cited, checked answers about adopting AI in small and medium-sized firms.",
        openapi_url="/api/v1/openapi.json",
        # A proxy cuts this off before a request comes here, so no path has it.
        servers=[{"url": policy.root_path}] if policy.root_path else None,
        docs_url=None,
        redoc_url=None,
        lifespan=living,
        middleware=_before(policy, store, measures, guesses),
    )
    _tell_problems(app)
    runs = settings.data_dir / "evals" / "runs"
    for routes in (
        rest_routes(answering), openai_routes(answering), health_routes(answering, measures),
        login_routes(policy, store, guesses),
        page_routes(assistant, store, _owner, baselines_dir(), runs),
    ):  # fmt: skip
        app.include_router(routes)
    app.router.routes.extend(route for route in tools_app.routes if route.path == PATH)  # type: ignore[attr-defined]
    page = build_ui(assistant, store, _asker, take, uses, settings.concurrency, settings.waiting)
    add_endpoints(page, answering)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        # Gradio's own application would serve a list of all its routes.
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        theme=gr.themes.Base(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        head=HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        root_path=settings.public_url,
        max_file_size=MAX_BYTES if take else "1mb",
    )
    return mounted


def _owner(request: Request) -> str:
    return person_of(request).owner


def _asker(request: gr.Request) -> str:
    """Return whose request an event of the page is."""
    if request.request is None:
        raise AssistantError("an event of the page came by no request; open the page anew")
    return _owner(request.request)


def _before(policy: Policy, store: Store, measures: Measures, guesses: Rates) -> list[Middleware]:
    """Return what stands before the application, the outermost first."""
    guard: dict[str, Any] = {
        "policy": policy, "store": store, "guesses": guesses, "count": measures.requested,
        "upload_bytes": MAX_BYTES + _SENT,
    }  # fmt: skip
    return [
        Middleware(Forwarded, trusted=policy.trusted_proxies),
        *(
            [
                Middleware(
                    CORSMiddleware,
                    allow_origins=list(policy.cors_origins),
                    allow_methods=["GET", "POST", "DELETE"],
                    allow_headers=["Authorization", "Content-Type", "X-API-Key"],
                    expose_headers=["Retry-After"],
                )
            ]
            if policy.cors_origins
            else []
        ),
        Middleware(Guard, **guard),
    ]


def _tell_problems(app: FastAPI) -> None:
    """Tell every problem of the application in the same shape."""

    async def known(_: Request, problem: Exception) -> Response:
        status = status_of(problem)
        headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
        return problem_response(status, told(problem), headers)

    async def refused(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)  # noqa: S101 - as registered below
        return problem_response(problem.status_code, str(problem.detail))

    async def unreadable(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, RequestValidationError)  # noqa: S101 - as registered below
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem_response(422, f"{where}: {first['msg']}")

    async def went(_: Request, problem: Exception) -> Response:
        return Response(status_code=499)  # told to nobody, but counted

    app.add_exception_handler(ClientDisconnect, went)
    app.add_exception_handler(AssistantError, known)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(Exception, known)


async def _let_go_daily(store: Store, days: int | None) -> None:
    """Delete once a day what is too old."""
    while days is not None:
        await asyncio.sleep(_DAY)
        with suppress(AssistantError):
            await asyncio.to_thread(store.people.let_go, days)
