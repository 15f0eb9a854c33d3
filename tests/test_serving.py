"""The port and the server on it, beside what the command line's tests hold."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI

import assistant.api
from assistant import Assistant
from assistant.errors import AssistantError, SettingsError
from assistant.serving import _read_ahead, address, open_port, run
from assistant.store import Store


def serving(monkeypatch: pytest.MonkeyPatch, app: FastAPI) -> None:
    monkeypatch.setattr(assistant.api, "create_app", lambda *args: app)


def test_a_server_that_does_not_start_is_an_error_with_a_way_on(
    assistant: Assistant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = False

    @asynccontextmanager
    async def fails(app: FastAPI) -> AsyncIterator[None]:
        if not room:
            raise RuntimeError("no room")
        yield

    serving(monkeypatch, FastAPI(lifespan=fails))
    with open_port("127.0.0.1", 0) as listener, pytest.raises(AssistantError, match="doctor"):
        run(assistant, listener, lambda where: None, store)


def test_what_cannot_be_read_ahead_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise AssistantError("the index is gone")

    _read_ahead(cast(Any, SimpleNamespace(read_ahead=fails)))
    assert [record.getMessage() for record in caplog.records] == [
        "passages are not read ahead: the index is gone"
    ]


def test_the_address_announced_answers_at_once(
    assistant: Assistant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[Any] = []
    app = FastAPI()

    @app.get("/")
    def stop() -> str:
        servers[0].should_exit = True
        return "here"

    serving(monkeypatch, app)
    import uvicorn

    made = uvicorn.Server

    def remembered(config: uvicorn.Config) -> uvicorn.Server:
        servers.append(made(config))
        return servers[0]  # type: ignore[no-any-return]

    monkeypatch.setattr(uvicorn, "Server", remembered)
    answers: list[bytes] = []

    def fetch(where: str) -> None:
        with urllib.request.urlopen(where, timeout=30) as response:  # noqa: S310
            answers.append(response.read())

    fetchers: list[threading.Thread] = []

    def announce(where: str) -> None:
        # The port is taken already: who is told the address waits, and is not turned away.
        fetchers.append(threading.Thread(target=fetch, args=(where,)))
        fetchers[0].start()

    with open_port("127.0.0.1", 0) as listener:
        run(assistant, listener, announce, store)
    fetchers[0].join(30)
    assert answers == [b'"here"']


@pytest.mark.parametrize("host", ["", "a" * 300, "a..b", "\0", "::1%nowhere"])
def test_an_odd_host_is_one_line(host: str) -> None:
    try:
        listener = open_port(host, 0)
    except SettingsError as problem:
        assert "\n" not in str(problem)
    else:
        with listener:
            assert address(listener).startswith("http://")
