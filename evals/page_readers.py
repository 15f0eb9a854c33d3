"""Readers of the chat page, as a browser's script would ask: for ``load_bench``.

Knows: how Gradio's page sends an event and is told what comes of it. Does not know browsers:
nothing is drawn. Invariant: an answer counts when the page was given it as finished.
"""

from __future__ import annotations

import json
import uuid

import httpx2

_DONE = 'data-stage="done"'
_BOX = "fp-question"


async def asking(client: httpx2.AsyncClient) -> int:
    """Open the page as a new reader; return the number of the event that asks what was typed."""
    await client.get("/", headers={"Accept": "text/html"})
    config = (await client.get("/config")).json()
    (box,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == _BOX]
    found = [d["id"] for d in config["dependencies"] if [box, "submit"] in d["targets"]]
    return int(found[0])


async def ask(client: httpx2.AsyncClient, event: int, question: str) -> str:
    """Ask on the page; return "" when it showed a finished answer, else what it told instead."""
    session = uuid.uuid4().hex
    sent = {"data": [question, "", "en", "", {}], "fn_index": event, "session_hash": session}
    joined = await client.post("/gradio_api/queue/join", json=sent)
    if joined.status_code != 200:
        return f"{joined.status_code}: {joined.text[:200]}"
    finished = False
    way = {"session_hash": session}
    async with client.stream("GET", "/gradio_api/queue/data", params=way) as told:
        async for line in told.aiter_lines():
            if not line.startswith("data:"):
                continue
            message = json.loads(line.removeprefix("data:"))
            finished = finished or _DONE in json.dumps(message, ensure_ascii=False).replace(
                "\\", ""
            )
            if message["msg"] == "process_completed":
                return "" if finished and message["success"] else line[:200]
    return "the page's events ended before the answer did"
