"""The web server: mounts the chat page, adds health and security headers. No logic of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import gradio as gr
from fastapi import FastAPI, Request, Response

from assistant.assistant import Assistant
from assistant.intake import MAX_BYTES
from assistant.ui.page import CSS, HEAD, build_ui
from assistant.uploads import Take

_POLICY = "; ".join((
    "default-src 'self'",
    # Gradio's HTML component evaluates its own template as a string; scripts of others stay out.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'self'",
    "frame-ancestors 'self'",
))  # fmt: skip
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(assistant: Assistant, take: Take | None = None) -> FastAPI:
    """Return the application: the chat at ``/``, ``/healthz`` beside it.

    Args:
        assistant: answers.
        take: takes the documents that maintainers add; None for a page without that.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def secure(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers.update(_HEADERS)
        return response

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    def healthz() -> dict[str, str]:
        return {"status": "ok", "index": assistant.coverage().fingerprint}

    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_ui(assistant, take),
        path="/",
        # Gradio's own application would serve a list of all its routes.
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        theme=gr.themes.Base(
            font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        css_paths=[CSS],
        head=HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        max_file_size=MAX_BYTES if take else "1mb",
    )
    return mounted
