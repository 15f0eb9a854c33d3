"""Backends: what can write an answer, called so that a failure is told in one way.

Knows: deadlines, limits, circuit breakers and thoughts. Does not know prompts, passages or the
order of backends. Invariant: a call either ends with ``Spent`` or raises one ``BackendError``;
leaving it early stops the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.breaking import FAILURES, REST_SECONDS, Breaker, Resting
from assistant.deadlines import Deadline
from assistant.errors import BackendError, BackendTimeout, BackendUnavailable
from assistant.normalise import whole_characters
from assistant.stopping import Stop
from assistant.thinking import THOUGHT, Piece, Said, ThoughtReader
from assistant.tokens import FEWER_TOKENS, UNKNOWN_TOKENIZER, count_tokens

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage


WHOLE = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
"""What servers call the end of an answer that is all there; any other end is short of it."""


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
    """Whether the model ran into its limit of tokens, or ended otherwise before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take, in seconds, and how much it may hold, in tokens."""

    first_token_seconds: float
    answer_seconds: float
    """Of waiting for the model; the time that a slow reader takes is not the model's."""
    context: int
    """Of prompt, thoughts and answer together."""
    answer_tokens: int
    thought_tokens: int
    """Beside the answer's."""
    margin: float = UNKNOWN_TOKENIZER
    """Tokens of the model for one of ``count_tokens``, at worst."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens by ``count_tokens`` that a prompt may have, whoever's tokenizer counts."""
        return int((self.context - self.answer_tokens - self.thought_tokens) / self.margin)


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
        model: str = "",
        offered: Callable[[], Collection[str] | None] = lambda: None,
    ) -> None:
        """Take what calls the model.

        Args:
            name: as the setting names it.
            local: whether the text stays on this machine.
            limits: of a call.
            price: None where it costs nothing or nobody said what.
            call: yields a model's chunks, or raises ``BackendError``.
            deadline: that ``call`` heeds.
            model: as the server names it; empty where there is no server to ask.
            offered: looks up which models the server has, None where it does not say.
        """
        self.name = name
        self.local = local
        self.limits = limits
        self.price = price
        self.model = model
        self.offered = offered
        self._call = call
        self._deadline = deadline
        self._breaker = Breaker()

    def stream(
        self, messages: Sequence[BaseMessage], stop: Stop | None = None
    ) -> Generator[Piece | Spent]:
        """Yield what the model says, thoughts apart, then how it ended.

        Args:
            messages: the prompt.
            stop: ends it from another thread, whatever it waits for.

        Raises:
            BackendError: it failed, before or in the middle of its answer.
            Stopped: by ``stop``.
        """
        try:
            with self._breaker.calling(_is_failure):
                yield from self._pieces(messages, stop or Stop())
        except Resting:
            raise BackendUnavailable(
                f"the backend {self.name} failed {FAILURES} times and is left alone for "
                f"{REST_SECONDS:.0f} s; run: firstpilot backends --test",
                sent=False,
            ) from None

    def _pieces(self, messages: Sequence[BaseMessage], stop: Stop) -> Iterator[Piece | Spent]:
        # Loading a model, where that is to be done, is not its answer's time.
        chunks = self._call(messages)
        reader, said = ThoughtReader(), _Heard(self.limits if self.generative else None)
        try:
            for chunk in self._awaited(chunks, stop):
                # A half of a character, left alone, can be shown and sent nowhere.
                pieces = [*_thought(chunk), *reader.feed(whole_characters(str(chunk.text)))]
                said.hear(chunk, pieces)
                if said.too_much:
                    break
                if pieces:
                    self._breaker.answered()
                yield from pieces
            yield from reader.close()
            if said.never_answered:
                yield Piece(Said.RETRACTED, "")
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        yield said.spent()

    def _awaited(self, chunks: Iterator[AIMessageChunk], stop: Stop) -> Iterator[AIMessageChunk]:
        """Yield chunks as long as there is time; a slow reader's time is not counted."""
        waited, most = 0.0, min(self.limits.first_token_seconds, self.limits.answer_seconds)
        while True:
            stop.check()
            began = time.monotonic()
            with self._deadline.until(began + most - waited, stop):
                chunk = next(chunks, None)
            waited += time.monotonic() - began
            if waited > most:
                raise BackendTimeout(
                    f"the backend {self.name} took too long; try a smaller model, or raise "
                    "FIRSTPILOT_FIRST_TOKEN_SECONDS or FIRSTPILOT_ANSWER_SECONDS"
                )
            if chunk is None:
                return
            if chunk.text or chunk.additional_kwargs.get(THOUGHT):
                most = self.limits.answer_seconds
            yield chunk


class _Heard:
    """What one call said so far: how much, and how it ended."""

    def __init__(self, limits: Limits | None) -> None:
        self._limits = limits
        self._usage: Any = None
        self._cut_short = False
        self._answered = self._thought = 0
        self._apart = False

    def hear(self, chunk: AIMessageChunk, pieces: Sequence[Piece]) -> None:
        """Take what came."""
        self._usage = chunk.usage_metadata or self._usage
        finish = chunk.response_metadata.get("finish_reason")
        self._cut_short = self._cut_short or bool(finish and str(finish).lower() not in WHOLE)
        for piece in pieces if self._limits else ():
            self._apart = self._apart or piece.said is not Said.ANSWER
            if piece.said is Said.ANSWER:
                self._answered += count_tokens(piece.text)
            elif piece.said is Said.THOUGHT:
                self._thought += count_tokens(piece.text)
            else:
                self._thought, self._answered = self._thought + self._answered, 0

    @property
    def too_much(self) -> bool:
        """Whether it goes on beyond what was asked for; not every server heeds a limit."""
        limits = self._limits
        if limits is None:
            return False
        most = limits.answer_tokens * FEWER_TOKENS
        everything = (limits.answer_tokens + limits.thought_tokens) * FEWER_TOKENS
        too_long = self._answered > most and not self._may_be_thought
        return too_long or self._answered + self._thought > everything

    @property
    def never_answered(self) -> bool:
        """Whether all that counted as answer was a thought that the limit cut before its end."""
        cut = self._cut_short or self.too_much
        return cut and bool(self._answered) and self._may_be_thought and not self._hidden_thoughts

    @property
    def _may_be_thought(self) -> bool:
        """Whether what comes may yet turn out a thought, by a mark that ends it."""
        return self._limits is not None and self._limits.thought_tokens > 0 and not self._apart

    @property
    def _hidden_thoughts(self) -> bool:
        """Whether the server says that the model thought where nobody sees it."""
        details = (self._usage or {}).get("output_token_details") or {}
        return bool(details.get("reasoning"))

    def spent(self) -> Spent:
        """Return how it ended."""
        usage = self._usage
        return Spent(
            input_tokens=max(usage["input_tokens"], 0) if usage else None,
            output_tokens=max(usage["output_tokens"], 0) if usage else None,
            cut_short=self._cut_short or self.too_much,
        )


def _thought(chunk: AIMessageChunk) -> list[Piece]:
    """Return what a server says apart from the answer that its model thought."""
    thought = chunk.additional_kwargs.get(THOUGHT)
    return [Piece(Said.THOUGHT, whole_characters(thought))] if thought else []


def _is_failure(exc: Exception) -> bool:
    """Whether an error is the backend's rather than the question's."""
    return not (isinstance(exc, BackendError) and exc.of_question)


class EmbeddedBackend(Backend):
    """The extractive answerer: no server, no cost, no failure to wait for."""

    generative = False
