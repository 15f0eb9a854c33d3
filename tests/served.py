"""The application on a real port of this machine, for clients that need one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from assistant import Assistant, Settings
from assistant.api import create_app
from assistant.serving import address, open_port
from assistant.store import Store


@contextmanager
def served(
    assistant: Assistant, store: Store, settings: Settings | None = None, take: Any = None
) -> Iterator[str]:
    """Serve in a thread; give the address."""
    app = create_app(assistant, store, take, settings or Settings())
    with open_port("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            app, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield address(listener)
        finally:
            server.should_exit = True
            thread.join(20)
