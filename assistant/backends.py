"""Backends: what can write an answer, called so that a failure is told in one way.

Knows: deadlines, circuit breakers and thoughts. Does not know prompts, passages or the order of
backends. Invariant: a call either ends with ``Spent`` or raises one ``BackendError``; leaving it
early stops the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.deadlines import Deadline
from assistant.errors import BackendTimeout, BackendUnavailable
from assistant.thinking import THOUGHT, Piece, Said, ThoughtReader

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage

FAILURES = 3
"""Failures in a row after which a backend is left alone."""
REST_SECONDS = 30.0
"""For how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, for a million tokens, in the operator's currency."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return the cost of a call."""
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How a call ended."""

    input_tokens: int | None
    """None when the server did not say."""
    output_tokens: int | None
    cut_short: bool
    """Whether the model ran into its limit of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take, in seconds, and how much it may hold, in tokens."""

    first_token_seconds: float
    answer_seconds: float
    context: int
    answer_tokens: int


class Backend:
    """One way to write an answer. Safe to share between threads."""

    generative = True
    """Whether a language model writes, so that what it writes can be wrong."""

    def __init__(
        self,
        *,
        name: str,
        local: bool,
        limits: Limits,
        price: Price | None,
        call: Callable[[Sequence[BaseMessage]], Iterator[AIMessageChunk]],
        deadline: Deadline,
    ) -> None:
        """Take what calls the model.

        Args:
            name: as the setting names it.
            local: whether the text stays on this machine.
            limits: of a call.
            price: None where it costs nothing or nobody said what.
            call: yields a model's chunks, or raises ``BackendError``.
            deadline: that ``call`` heeds.
        """
        from purgatory import SyncCircuitBreakerFactory

        self.name = name
        self.local = local
        self.limits = limits
        self.price = price
        self._call = call
        self._deadline = deadline
        self._breakers = SyncCircuitBreakerFactory(
            default_threshold=FAILURES, default_ttl=REST_SECONDS, exclude=[GeneratorExit]
        )

    def stream(self, messages: Sequence[BaseMessage]) -> Generator[Piece | Spent]:
        """Yield what the model says, thoughts apart, then how it ended.

        Raises:
            BackendError: it failed, before or in the middle of its answer.
        """
        from purgatory.domain.model import OpenedState

        try:
            with self._breakers.get_breaker(self.name):
                yield from self._pieces(messages)
        except OpenedState:
            problem = BackendUnavailable(
                f"the backend {self.name} failed {FAILURES} times and is left alone for "
                f"{REST_SECONDS:.0f} s; run: firstpilot backends --test"
            )
        else:
            return
        raise problem

    def _pieces(self, messages: Sequence[BaseMessage]) -> Iterator[Piece | Spent]:
        started = time.monotonic()
        moment = started + self.limits.first_token_seconds
        reader = ThoughtReader()
        usage: Any = None
        cut_short = False
        chunks = self._call(messages)
        try:
            while True:
                with self._deadline.until(moment):
                    chunk = next(chunks, None)
                if time.monotonic() > moment:
                    raise BackendTimeout(
                        f"the backend {self.name} took too long; try a smaller model, or raise "
                        "FIRSTPILOT_FIRST_TOKEN_SECONDS or FIRSTPILOT_ANSWER_SECONDS"
                    )
                if chunk is None:
                    break
                usage = chunk.usage_metadata or usage
                cut_short = cut_short or chunk.response_metadata.get("finish_reason") == "length"
                thought, said = chunk.additional_kwargs.get(THOUGHT), str(chunk.text)
                if thought or said:
                    moment = started + self.limits.answer_seconds
                if thought:
                    yield Piece(Said.THOUGHT, thought)
                yield from reader.feed(said)
            yield from reader.close()
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        yield Spent(
            input_tokens=usage["input_tokens"] if usage else None,
            output_tokens=usage["output_tokens"] if usage else None,
            cut_short=cut_short,
        )


class EmbeddedBackend(Backend):
    """The extractive answerer: no server, no cost, no failure to wait for."""

    generative = False
