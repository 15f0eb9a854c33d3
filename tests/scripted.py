"""A scripted server that speaks OpenAI's protocol: for what a real one cannot be made to do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DROP = object()
"""Put into a script: the connection breaks here."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Put into a script: seconds of silence, or of comments that say nothing."""

    seconds: float
    ping: bool = False


@dataclass(frozen=True, slots=True)
class Error:
    """Put into a script: an error in the middle of the stream."""

    message: str


@dataclass(frozen=True, slots=True)
class Thinks:
    """Put into a script: a piece of reasoning, in the field of the name."""

    text: str
    name: str = "reasoning_content"


@dataclass(frozen=True, slots=True)
class Status:
    """Stands for a whole answer: refused with a status."""

    code: int
    message: str = "no"
    headers: tuple[tuple[str, str], ...] = ()
    error_code: str | None = None
    """The error's own code beside its message."""


Answer = Sequence[Any] | Status | Callable[[dict[str, Any]], Sequence[Any]]
"""Pieces of a stream, bytes among them written as they are; a refusal; or what makes pieces."""


@dataclass(slots=True)
class Script:
    """What the server does with the next requests; the last answer is repeated."""

    answers: list[Answer]
    finish: str = "stop"
    usage: bool = True
    """Whether the server says how many tokens there were."""
    models: list[str] | None = None
    """What the server says it has; None without a list."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    broken: int = 0
    """How many clients went away before the end."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, request: dict[str, Any]) -> Sequence[Any] | Status:
        with self.lock:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer


_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.close_connection = True
        if self.script.models is None:
            self._refuse(Status(404, "Not Found"))
            return
        listed = [{"id": name, "object": "model"} for name in self.script.models]
        self._send({"object": "list", "data": listed})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.script.requests.append(body)
        self.script.headers.append({name.lower(): value for name, value in self.headers.items()})
        answer = self.script.next(body)
        self.close_connection = True
        try:
            if isinstance(answer, Status):
                self._refuse(answer)
            elif not body.get("stream"):
                self._whole(answer)
            else:
                self._stream(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.script.broken += 1

    def _refuse(self, status: Status) -> None:
        error = {"message": status.message, "code": status.error_code}
        text = json.dumps({"error": error}).encode()
        self.send_response(status.code)
        closing = (("Content-Length", str(len(text))), ("Connection", "close"))
        for name, value in (*status.headers, *closing):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _whole(self, pieces: Sequence[Any]) -> None:
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        thought = "".join(piece.text for piece in pieces if isinstance(piece, Thinks))
        message = {"role": "assistant", "content": text, "reasoning_content": thought}
        choice = {"index": 0, "message": message, "finish_reason": self.script.finish}
        body = {"id": "1", "created": 1, "model": "m", "object": "chat.completion"}
        self._send({**body, "choices": [choice], "usage": _USAGE})

    def _send(self, body: object) -> None:
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(sent)

    def _stream(self, pieces: Sequence[Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self._chunk({"role": "assistant", "content": ""})
        for piece in pieces:
            match piece:
                case bytes():
                    self.wfile.write(piece)
                case str():
                    self._chunk({"content": piece})
                case Thinks(text=text, name=name):
                    self._chunk({name: text})
                case Wait(seconds=seconds, ping=ping):
                    self._wait(seconds, ping)
                case Error(message=message):
                    self._event({"error": {"message": message}})
                    return
                case _:
                    return  # DROP: the line breaks without an end
        self._chunk({}, self.script.finish)
        whole = {"id": "1", "created": 1, "model": "m", "object": "chat.completion.chunk"}
        if self.script.usage:
            self._event({**whole, "choices": [], "usage": _USAGE})
        self._line("data: [DONE]")

    def _wait(self, seconds: float, ping: bool) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.02)
            if ping:
                self._line(": still here")

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event(
            {
                "id": "1",
                "created": 1,
                "model": "m",
                "object": "chat.completion.chunk",
                "choices": [choice],
            }
        )

    def _event(self, data: dict[str, Any]) -> None:
        self._line(f"data: {json.dumps(data)}")

    def _line(self, text: str) -> None:
        self.wfile.write(f"{text}\n\n".encode())
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    """Lets a crowd wait at the door: five, as is usual, would turn some away."""

    request_queue_size = 256
    daemon_threads = True


@contextmanager
def serving(
    *answers: Answer, finish: str = "stop", usage: bool = True
) -> Iterator[tuple[str, Script]]:
    """Serve a script on loopback; give the base address and the script."""
    script = Script(answers=list(answers), finish=finish, usage=usage)
    handler = type("Handler", (_Handler,), {"script": script})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
