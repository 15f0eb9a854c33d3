"""The readers of the load bench's page see what a browser would be told."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from assistant import Assistant
from assistant.store import Store
from evals.page_readers import ask, asking
from tests.served import served


@pytest.mark.parametrize(
    ("question", "fails"), [("How many small firms use AI?", False), ("?", True)]
)
def test_a_finished_answer_counts_and_nothing_else(
    assistant: Assistant, store: Store, question: str, fails: bool
) -> None:
    async def read(url: str) -> str:
        async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
            return await ask(client, await asking(client), question)

    with served(assistant, store) as url:
        assert bool(asyncio.run(read(url))) is fails
    assert len(store.people.owners()) == (0 if fails else 1), "a browser of its own asked"
