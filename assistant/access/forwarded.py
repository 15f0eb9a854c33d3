"""Forwarded headers: believed from proxies that are named, taken off from everybody else.

Invariant: what lies behind sees ``X-Forwarded-*`` only from a trusted proxy, because Gradio and
others build addresses out of them without asking who sent them.
"""

from __future__ import annotations

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_NAMES = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"x-gradio-server")


class Forwarded:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, trusted: tuple[str, ...]) -> None:
        """Take what lies behind, and the addresses or networks of trusted proxies."""
        self._plain = app
        self._believing = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]
        self._trusted = [ipaddress.ip_network(each, strict=False) for each in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as the proxy tells it or as it came."""
        if scope["type"] == "lifespan":
            await self._plain(scope, receive, send)
        elif self._is_proxy(scope):
            await self._believing(scope, receive, send)  # type: ignore[arg-type]
        else:
            kept = [(k, v) for k, v in scope["headers"] if not k.lower().startswith(_NAMES)]
            await self._plain({**scope, "headers": kept}, receive, send)

    def _is_proxy(self, scope: Scope) -> bool:
        client = scope.get("client")
        try:
            address = ipaddress.ip_address(client[0]) if client else None
        except ValueError:
            return False
        return address is not None and any(address in network for network in self._trusted)
