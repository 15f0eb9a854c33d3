"""Calls: what was asked of backends for one answer, and what it took.

Knows: who wrote, who failed, tokens and cost. Does not know what was written. Invariants: a call
that failed counts for privacy too, unless nothing can have been sent by then; a call that was left
early, or whose server does not count, is paid for by estimate.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from assistant import wording
from assistant.backends import Backend, Spent
from assistant.errors import BackendError, StorageError
from assistant.schema import Language
from assistant.spending import Ledger
from assistant.stopping import Stop
from assistant.thinking import Piece, Said
from assistant.tokens import count_tokens

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One call of a backend, under way or over."""

    prompt: str
    said: int = 0
    """Tokens of what it said, by ``count_tokens``."""
    spent: Spent | None = None
    answered: bool = False
    """Whether it said anything but thoughts."""
    thought: bool = False

    def hear(self, piece: Piece | Spent) -> None:
        """Take what came."""
        if isinstance(piece, Spent):
            self.spent = piece
            return
        self.said += count_tokens(piece.text)
        if piece.said is Said.ANSWER:
            self.answered = self.answered or bool(piece.text.strip())
            return
        self.thought = True
        if piece.said is Said.RETRACTED:
            self.answered = False

    def tokens(self) -> tuple[int, int, bool] | None:
        """Return the tokens in and out, and whether they are estimated; None for a call in vain."""
        spent = self.spent
        if spent and spent.input_tokens is not None and spent.output_tokens is not None:
            return spent.input_tokens, spent.output_tokens, False
        if spent is None and not self.said:
            return None
        return count_tokens(self.prompt), self.said, True


@dataclass(slots=True)
class Calls:
    """The calls for one answer; lives as long as it."""

    stop: Stop = field(default_factory=Stop)
    """Ends them from another thread."""
    backend: Backend | None = None
    """Who was called last."""
    cut: int = 0
    """Passages left out of the last prompt."""
    turns_cut: int = 0
    """Earlier turns left out when the question was rewritten."""
    left_machine: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    """Whether some of the tokens were not counted by the server."""
    cost: float | None = None
    failed: list[str] = field(default_factory=list)
    gave_up: list[Backend] = field(default_factory=list)
    """Those that are not well: for this answer they are not asked again."""
    unsupported: bool = False
    """Whether a language model wrote before and nothing of it could be shown."""
    only_thought: bool = False
    """Whether a language model thought and did not answer."""
    too_dear: bool = False
    """Whether a backend was passed over because today's budget is used up."""

    @property
    def writer(self) -> str:
        """Who was called last; empty before any call."""
        return self.backend.name if self.backend else ""

    @contextmanager
    def calling(
        self, backend: Backend, prompt: str, ledger: Ledger, *, cut: int = 0
    ) -> Iterator[Call]:
        """Call a backend inside the block; however it ends, it is noted and paid for."""
        self.backend = backend
        self.cut = cut
        call, sent = Call(prompt=prompt), not backend.local
        try:
            yield call
        except BackendError as exc:
            sent = sent and exc.sent
            self.fail(backend, exc)
            raise
        finally:
            self.left_machine = self.left_machine or sent
            if backend.generative:
                self._settle(call, backend, ledger)

    def fail(self, backend: Backend, problem: BackendError) -> None:
        """Note that a backend did not do it."""
        _log.warning("%s", problem)
        self.failed.append(f"{backend.name}: {problem}")
        if not problem.of_question:
            self.gave_up.append(backend)

    def wrote(self, backend: Backend, call: Call) -> None:
        """Note that a backend came to an end, and whether it got beyond its thoughts."""
        if not backend.generative:
            return
        if call.answered or not call.thought:
            self.unsupported = True
            return
        advice = (
            "name another model"
            if backend.limits.thought_tokens
            else "set FIRSTPILOT_THINKING=true"
        )
        problem = f"thinks aloud and comes to no answer; {advice}"
        _log.warning("the backend %s %s", backend.name, problem)
        self.failed.append(f"{backend.name}: {problem}")
        self.only_thought = True

    def pass_over(self, backend: Backend, ledger: Ledger) -> bool:
        """Whether a backend is not to be asked: it failed before, or today's budget is used up."""
        if backend in self.gave_up:
            return True
        if backend.price is not None and ledger.exhausted:
            self.failed.append(f"{backend.name}: today's budget is used up")
            self.too_dear = True
            self.gave_up.append(backend)
            return True
        return False

    def _settle(self, call: Call, backend: Backend, ledger: Ledger) -> None:
        """Note what a call took, and pay for it."""
        tokens = call.tokens()
        if tokens is None:
            return
        read, wrote, estimated = tokens
        self.input_tokens = (self.input_tokens or 0) + read
        self.output_tokens = (self.output_tokens or 0) + wrote
        self.estimated = self.estimated or estimated
        if backend.price is None:
            return
        cost = backend.price.of(read, wrote)
        self.cost = (self.cost or 0.0) + cost
        try:
            ledger.add(cost)
        except StorageError as exc:  # an answer is worth more than its bill
            _log.warning("%s", exc)

    def notices(self, language: Language, *, partial: bool) -> list[str]:
        """Return what the reader should be told of how the answer came about."""
        told = []
        if partial:
            told.append(wording.PARTIAL[language])
        if self.backend is not None and not self.backend.generative:
            reasons = (
                (self.unsupported, wording.FELL_BACK_UNSUPPORTED),
                (self.only_thought, wording.FELL_BACK_THINKING),
                (self.too_dear, wording.FELL_BACK_BUDGET),
                (bool(self.failed), wording.FELL_BACK),
            )
            told += [say[language] for holds, say in reasons if holds][:1]
        return told
