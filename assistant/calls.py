"""Calls: what was asked of backends for one answer, and what it took.

Knows: who wrote, who failed, tokens and cost. Does not know what was written. Invariant: a call
that failed counts for privacy too, as text may have left the machine before it did.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from assistant import wording
from assistant.backends import Backend, Spent
from assistant.errors import StorageError
from assistant.schema import Language
from assistant.spending import Ledger

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Calls:
    """The calls for one answer; lives as long as it."""

    backend: Backend | None = None
    """Who was called last."""
    cut: int = 0
    """Passages left out of the last prompt."""
    left_machine: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    failed: list[str] = field(default_factory=list)
    unsupported: bool = False
    """Whether a language model wrote before and nothing of it could be shown."""

    @property
    def writer(self) -> str:
        """Who was called last; empty before any call."""
        return self.backend.name if self.backend else ""

    def begin(self, backend: Backend, *, cut: int) -> None:
        """Note that a backend is called."""
        self.backend = backend
        self.cut = cut
        self.left_machine = self.left_machine or not backend.local

    def end(self, spent: Spent, ledger: Ledger) -> None:
        """Note how the call ended, and pay for it."""
        if self.backend is None or spent.input_tokens is None or spent.output_tokens is None:
            return
        self.input_tokens = (self.input_tokens or 0) + spent.input_tokens
        self.output_tokens = (self.output_tokens or 0) + spent.output_tokens
        if self.backend.price is None:
            return
        cost = self.backend.price.of(spent.input_tokens, spent.output_tokens)
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
            if self.unsupported:
                told.append(wording.FELL_BACK_UNSUPPORTED[language])
            elif self.failed:
                told.append(wording.FELL_BACK[language])
        return told
