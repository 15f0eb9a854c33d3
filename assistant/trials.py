"""Trials: whether each configured backend works now, and how fast.

Knows: one short call. Does not know how its result is shown. Invariant: a trial never raises; what
went wrong is in its result.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from langchain_core.messages import HumanMessage

from assistant.backends import Backend, Spent
from assistant.errors import AssistantError
from assistant.thinking import Said

_PROMPT = "Count from one to twenty in words, separated by commas."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a backend did."""

    name: str
    local: bool
    problem: str | None
    """What went wrong and what to do; None when it works."""
    first_token_seconds: float | None
    tokens_per_second: float | None
    """After the first; None when the server did not count or wrote too little."""
    cost: float | None
    """Of this call, where a price is configured."""


def try_backend(backend: Backend) -> Trial:
    """Ask a backend for a few words."""
    started = time.perf_counter()
    first: float | None = None
    answered = False
    spent: Spent | None = None
    problem = None
    try:
        for piece in backend.stream([HumanMessage(content=_PROMPT)]):
            if isinstance(piece, Spent):
                spent = piece
                continue
            # What was taken back was no answer.
            answered = piece.said is Said.ANSWER or (answered and piece.said is Said.THOUGHT)
            first = first or time.perf_counter() - started
        if first is None:
            problem = f"the backend {backend.name} answered with nothing; try another model"
        elif not answered:
            problem = (
                f"the backend {backend.name} thinks aloud and comes to no answer; set "
                "FIRSTPILOT_THINKING=true"
            )
    except AssistantError as exc:
        problem = str(exc)
    writing = time.perf_counter() - started - (first or 0.0)
    tokens = spent.output_tokens if spent else None
    priced = spent is not None and backend.price is not None and spent.input_tokens is not None
    return Trial(
        name=backend.name,
        local=backend.local,
        problem=problem,
        first_token_seconds=first,
        tokens_per_second=(tokens - 1) / writing if tokens and tokens > 1 and writing > 0 else None,
        cost=backend.price.of(spent.input_tokens or 0, tokens or 0)
        if priced and backend.price and spent
        else None,
    )
