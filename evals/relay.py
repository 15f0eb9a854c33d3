"""A relay in front of a language model's server: notes what is asked when, and what comes when.

Knows: HTTP and the lines of a stream. Does not know the assistant. Invariant: what comes is handed
on unchanged, at once.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_CANNED = "".join(
    f"data: {json.dumps({'choices': [choice]})}\n\n"
    for choice in (
        {"index": 0, "delta": {"role": "assistant", "content": "NO_ANSWER"}},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    )
)


@dataclass(slots=True)
class Heard:
    """One request and its answer; seconds by ``time.perf_counter``."""

    asked: float
    pieces: list[tuple[float, str]] = field(default_factory=list)
    """When each piece of the answer came, and the piece."""

    def said_by(self, sentence: str) -> float | None:
        """Return when the whole of a sentence had come; None when it never did."""
        text, wanted = "", "".join(sentence.split())
        for moment, piece in self.pieces:
            text += "".join(piece.split())
            if wanted in text:
                return moment
        return None


@contextmanager
def relaying(upstream: str | None) -> Iterator[tuple[str, list[Heard]]]:
    """Give a base address on loopback, and what goes through it, the latest last.

    Args:
        upstream: base address of the server behind it; None answers by itself, at once, that there
            is no answer.
    """
    heard: list[Heard] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            request = Heard(asked=time.perf_counter())
            heard.append(request)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if upstream is None:
                self.wfile.write(_CANNED.encode())
                return
            lines = _lines(upstream, body, self.headers["Authorization"])
            with suppress(OSError), closing(lines):  # who asked may leave
                for line in lines:
                    piece = _piece(line)
                    if piece:
                        request.pieces.append((time.perf_counter(), piece))
                    self.wfile.write(line)
                    self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _lines(upstream: str, body: bytes, key: str) -> Generator[bytes]:
    """Yield the lines of a server's answer as they come."""
    place = urlsplit(upstream)
    connection = http.client.HTTPConnection(str(place.hostname), place.port)
    headers = {"Content-Type": "application/json", "Authorization": key}
    try:
        connection.request("POST", f"{place.path}/chat/completions", body, headers)
        yield from connection.getresponse()
    finally:
        connection.close()


def _piece(line: bytes) -> str:
    """Return what a line of a stream adds to the answer; nothing for other lines."""
    if not line.startswith(b"data: {"):
        return ""
    choices = json.loads(line.removeprefix(b"data: ")).get("choices") or [{}]
    return choices[0].get("delta", {}).get("content") or ""
