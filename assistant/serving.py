"""Opens the port and runs the web server on it.

Knows: sockets and uvicorn. Does not know: what the pages are (``api`` does). Invariant: the port is
taken before anything slow is loaded, so a port in use is told at once and cannot be lost meanwhile.
"""

from __future__ import annotations

import errno
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from assistant.errors import AssistantError, SettingsError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from assistant.store import Store
    from assistant.uploads import Take

_log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 3
"""How long open answer streams may finish after Ctrl-C."""


def open_port(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    Raises:
        SettingsError: the host is not this machine's, or the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as exc:
        raise _no_such_host(host) from exc
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            # Without it, a port stays unusable for a minute after the last server on it stopped.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()
    except OSError as exc:
        listener.close()
        raise _why_not(exc, host, port) from exc
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    assistant: Assistant,
    listener: socket.socket,
    announce: Callable[[str], None],
    store: Store,
    take: Take | None = None,
    settings: Settings | None = None,
) -> None:
    """Serve until interrupted; ``announce`` is told the address once the pages are made.

    Raises:
        AssistantError: the server could not start.
    """
    import uvicorn

    from assistant.api import create_app

    server = uvicorn.Server(
        uvicorn.Config(
            create_app(assistant, store, take, settings),
            log_level="warning",
            # Who is a proxy, and what it may say, is the guard's to know.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )
    announce(address(listener))
    Thread(target=_read_ahead, args=[assistant], name="read-ahead", daemon=True).start()
    # Some versions of uvicorn leave the process when they cannot start, others return.
    with suppress(SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise AssistantError("the web server did not start; run: firstpilot doctor")


def _read_ahead(assistant: Assistant) -> None:
    """Let first answers take no longer than later ones; they come without it too."""
    try:
        assistant.read_ahead()
    except AssistantError as exc:
        _log.warning("passages are not read ahead: %s", exc)


def _no_such_host(host: str) -> SettingsError:
    return SettingsError(
        f"{host!r} is not an address of this machine; run: firstpilot serve --host 127.0.0.1"
    )


def _why_not(problem: OSError, host: str, port: int) -> SettingsError:
    if problem.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 7860
        return SettingsError(
            f"port {port} on {host} is in use by another program; "
            f"run: firstpilot serve --port {other}"
        )
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return SettingsError(
            f"port {port} needs administrator rights; run: firstpilot serve --port 7860"
        )
    if problem.errno == errno.EADDRNOTAVAIL:
        return _no_such_host(host)
    return SettingsError(
        f"cannot listen on {host} port {port}: {problem.strerror}; "
        "run: firstpilot serve --host 127.0.0.1 --port 7860"
    )
