"""The guard: stands before every address and lets in who may come.

Knows: keys, logins, rates, sizes, hosts, origins. Does not know what lies behind, but for which
addresses are open and which cost work. Invariants: nothing behind is reached without a ``Person``
in ``request.state``; every response, refusals too, carries the security headers.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.access.headers import drop_foreign_cors, open_cookies_to_frames, security_headers
from assistant.access.policy import Policy
from assistant.access.rates import Rates
from assistant.store import Person, Role, Store
from assistant.visitors import address_of, local_owner, owner_of, remember

LOGIN_COOKIE = "firstpilot-login"
_OPEN = {"/healthz", "/readyz", "/login", "/logout"}
_COSTS = re.compile(r"^/(?:api/v\d+|v\d+|mcp|gradio_api/(?:queue/join|call|run|api|upload))(?:/|$)")
_MOVE = re.compile(r"^/gradio_api/(?:run|api)/predict/?$")
"""What the page does besides asking: searching a list, opening, thumbs. What is asked has a turn in
the queue, which these addresses refuse to skip."""
MOVES = 10
"""So many moves of the page count as little as one question: a search is one for each few letters,
and a whole office may sit behind one address."""
_UPLOAD = re.compile(r"^/gradio_api/upload(?:/|$)")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN_NAMES = {"localhost", "127.0.0.1", "::1"}
_LOOKUPS = CapacityLimiter(8)
"""Threads that look up keys; kept apart from those that make answers."""
Count = Callable[[str, int], None]


class TooLarge(Exception):
    """A body without a length turned out to be too long."""


class Guard:
    """An ASGI application before another one."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: Policy,
        store: Store,
        guesses: Rates,
        count: Count,
        upload_bytes: int,
    ) -> None:
        """Take what to guard, by which policy, and who knows the keys.

        Args:
            app: what lies behind.
            policy: what holds.
            store: knows keys and logins.
            guesses: counts secrets that are none, here and at the log-in page.
            count: told of each response: its method and status.
            upload_bytes: how long an upload may be.
        """
        self._app = app
        self._policy = policy
        self._keys = store.keys
        self._guesses = guesses
        self._count = count
        self._upload_bytes = upload_bytes
        self._headers = security_headers(policy)
        self._rates = Rates(policy.rate_limit)
        self._moves = Rates(policy.rate_limit, MOVES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks over web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        send = self._marked(request, send)
        refusal = await self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        limit = self._upload_bytes if _UPLOAD.match(_path(request)) else None
        await self._within(limit or self._policy.max_request_bytes, request, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """Return the response that turns a request away; None lets it in, its person known."""
        stray = self._strays(request)
        if stray:
            return _refused(request, 403, stray)
        path = _path(request)
        person = await to_thread.run_sync(self._who, request, limiter=_LOOKUPS)
        if person is None:
            if _credential(request):
                return self._guessed(request)
            if path not in _OPEN:
                return self._unknown(request, "send a key: Authorization: Bearer fp_…")
            person = Person(owner=owner_of(request.cookies), role=Role.READER)
        request.scope.setdefault("state", {})["person"] = person
        if self._policy.required and _COSTS.match(path):
            # A browser can throw its cookie away, a key cannot be changed by who has it.
            keyed = person.owner.startswith("key:")
            caller = person.owner if keyed else f"address:{address_of(request)}"
            rates = self._moves if _MOVE.match(path) else self._rates
            seconds = rates.wait(caller)
            if seconds is not None:
                return _too_much(request, "too much was asked; ask again", seconds)
        if _UPLOAD.match(path) and not self._may_upload(person):
            return _refused(request, 403, "only maintainers may add documents")
        return None

    def _may_upload(self, person: Person) -> bool:
        return self._policy.uploads and person.role is Role.MAINTAINER

    def _strays(self, request: Request) -> str | None:
        """Return why a request came by a way no request should; None when it did not."""
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if self._policy.local and host not in _OWN_NAMES:
            # A page elsewhere can give its own name this machine's address, and read answers so.
            return f"this server is for its own machine; open http://127.0.0.1, not {host!r}"
        origin = request.headers.get("origin")
        if request.method in _SAFE or origin is None or origin in self._policy.cors_origins:
            return None
        asked = {request.headers.get("host"), request.headers.get("x-forwarded-host")}
        if urlsplit(origin).netloc in asked - {None}:
            return None
        return f"pages of {origin} may not call this server; see FIRSTPILOT_CORS_ORIGINS"

    def _who(self, request: Request) -> Person | None:
        """Return who asks, None for nobody known."""
        secret = _credential(request)
        known = (self._keys.who(secret) or self._by_password(request, secret)) if secret else None
        if known is not None or (secret and self._policy.required):
            return known
        login = request.cookies.get(LOGIN_COOKIE)
        person = self._keys.logged_in(login) if login else None
        if person is None and not self._policy.required:
            # Whoever sits at this machine may do everything.
            return Person(owner=local_owner(request.cookies), role=Role.MAINTAINER)
        return person

    def _by_password(self, request: Request, secret: str) -> Person | None:
        """Take the page's password in place of a key, as some clients know no other way."""
        password = self._policy.password
        # A key cannot be guessed, so who has one is let in whatever others at the address try.
        if self._guesses.wait_before(address_of(request)) is not None:
            return None
        # A header's bytes are read as Latin-1, whatever they were.
        sent = secret.encode("latin-1", "replace")
        if password is None or not hmac.compare_digest(sent, password.encode()):
            return None
        return Person(owner=owner_of(request.cookies), role=Role.READER)

    def _guessed(self, request: Request) -> Response:
        seconds = self._guesses.wait(address_of(request))
        if seconds is not None:
            return _too_much(request, "too many unknown keys; try again", seconds)
        return self._unknown(request, "this key is not known; ask who runs the server")

    def _unknown(self, request: Request, why: str) -> Response:
        page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if page and not _credential(request):
            way = quote(f"{self._policy.root_path}{_path(request)}", safe="/")
            if request.url.query:
                way = f"{way}?{request.url.query}"
            login = f"{self._policy.root_path}/login?next={quote(way, safe='/')}"
            return RedirectResponse(login, 303)
        return _refused(request, 401, why, {"WWW-Authenticate": "Bearer"})

    async def _within(self, limit: int, request: Request, receive: Receive, send: Send) -> None:
        """Let the request through unless its body is too long."""
        message = f"a request may have {limit:,} bytes; send less"
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await _refused(request, 413, message)(request.scope, receive, send)
            return
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            part = await receive()
            taken += len(part.get("body", b""))
            if taken > limit:
                raise TooLarge
            return part

        async def told(part: Message) -> None:
            nonlocal begun
            # What was raised while reading may have been made into another response.
            if begun or taken <= limit:
                begun = True
                await send(part)

        with suppress(TooLarge):
            await self._app(request.scope, counted, told)
        if taken > limit and not begun:
            await _refused(request, 413, message)(request.scope, receive, send)

    def _marked(self, request: Request, send: Send) -> Send:
        """Return a ``send`` that puts the headers on."""

        async def marked(part: Message) -> None:
            if part["type"] == "http.response.start":
                headers = MutableHeaders(scope=part)
                drop_foreign_cors(headers)
                headers.update(self._headers)
                page = Response(media_type=headers.get("content-type"))
                remember(request, page)
                for cookie in page.headers.getlist("set-cookie"):
                    headers.append("set-cookie", cookie)
                if self._policy.embed_origins:
                    open_cookies_to_frames(headers, request)
                self._count(request.method, part["status"])
            await send(part)

        return marked


def _path(request: Request) -> str:
    path: str = request.scope["path"]
    return path


def _credential(request: Request) -> str | None:
    """Return the secret that was sent in a header."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip(" "):
        return secret.strip(" ")
    return request.headers.get("x-api-key") or None


def _too_much(request: Request, why: str, seconds: int) -> Response:
    return _refused(request, 429, f"{why} in {seconds} s", {"Retry-After": str(seconds)})


def _refused(
    request: Request, status: int, why: str, headers: dict[str, str] | None = None
) -> Response:
    body: dict[str, Any] = {"error": why}
    if _path(request).startswith("/v1/"):  # in OpenAI's words
        body = {"error": {"message": why, "type": "access", "param": None, "code": status}}
    return JSONResponse(body, status, headers)
