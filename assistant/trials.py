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
from assistant.presets import is_among
from assistant.thinking import Said

PROMPT_TOKENS, ANSWER_TOKENS = 1400, 200
"""Tokens of a usual answer, thoughts apart: the median prompt of 60 questions of the development
sets over the bundled knowledge had 1,343 (1,167 to 1,939; 2026-11-26), and 120 words, which the
prompt allows, are some 200."""
_NAMED = 8
"""How many of a server's models are named."""
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
    """Of a usual answer, where a price is configured."""
    present: bool | None
    """Whether the server lists the model; None when it has no list, or the model is a file."""


def try_backend(backend: Backend) -> Trial:
    """Look whether the model is there, and ask it for a few words."""
    offered = backend.offered() if backend.model else None
    present = is_among(backend.model, offered) if offered else None
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
                "FIRSTPILOT_THINKING=true, or name another model"
            )
    except AssistantError as exc:
        problem = str(exc)
    if problem and present is False and offered:
        problem = f"{problem} (it has {', '.join(sorted(offered)[:_NAMED])})"
    writing = time.perf_counter() - started - (first or 0.0)
    tokens = spent.output_tokens if spent else None
    return Trial(
        name=backend.name,
        local=backend.local,
        problem=problem,
        first_token_seconds=first,
        tokens_per_second=(tokens - 1) / writing if tokens and tokens > 1 and writing > 0 else None,
        cost=backend.price.of(PROMPT_TOKENS, ANSWER_TOKENS) if backend.price else None,
        present=present,
    )
