"""MCP over standard input and output: for programs that start the server themselves.

Invariant: nothing but the protocol is written to standard output.
"""

from __future__ import annotations

from contextlib import closing

from assistant.assistant import Assistant
from assistant.doors.answering import Answering
from assistant.doors.mcp_door import mcp_server
from assistant.doors.workers import Workers
from assistant.service import Service
from assistant.settings import Settings
from assistant.store import Person, Role, open_store
from assistant.visitors import LOCAL

ME = Person(owner=LOCAL, role=Role.READER)
"""Whoever starts a program on this machine."""


def run(assistant: Assistant, settings: Settings) -> None:
    """Serve until standard input ends.

    Raises:
        AssistantError: the store cannot be opened.
    """
    with closing(open_store(settings)) as store:
        workers = Workers(settings.concurrency, settings.waiting)
        server = mcp_server(Answering(Service(assistant, store), workers), lambda _: ME)
        try:
            server.run("stdio")
        finally:
            workers.close()
