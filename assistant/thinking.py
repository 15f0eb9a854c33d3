"""Thinking: separates what a model thinks aloud from what it answers.

Knows: the marks models put around their thoughts, however a stream cuts them. Does not know any
model. Invariant: the same text gives the same thoughts and the same answer whatever its pieces; no
word of a thought is in the answer, save one that was answered before an end without a beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

THOUGHT = "reasoning_content"
"""Where a message's extras hold thoughts that a server sent apart from the answer."""
_MARK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_BEGUN = re.compile(r"<(?:/?(?:t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?)?)?)?)?\Z", re.IGNORECASE)


class Said(StrEnum):
    """What a piece of a model's output is."""

    ANSWER = "answer"
    THOUGHT = "thought"
    RETRACTED = "retracted"
    """All that came before as answer was a thought: some models open it in their prompt."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a model's output."""

    said: Said
    text: str


class ThoughtReader:
    """Reads one output, piece by piece."""

    def __init__(self) -> None:
        """Start outside any thought."""
        self._held = ""
        self._thinking = False
        self._opened = False

    def feed(self, text: str) -> list[Piece]:
        """Take more text; return what can no longer change."""
        self._held += text
        found: list[Piece] = []
        while mark := _MARK.search(self._held):
            before, self._held = self._held[: mark.start()], self._held[mark.end() :]
            closes = bool(mark.group(1))
            found += self._piece(before)
            if closes and not self._thinking and not self._opened:
                found.append(Piece(Said.RETRACTED, ""))
            self._opened = True
            self._thinking = not closes
        begun = _BEGUN.search(self._held)
        cut = begun.start() if begun else len(self._held)
        found += self._piece(self._held[:cut])
        self._held = self._held[cut:]
        return found

    def close(self) -> list[Piece]:
        """Return what is left."""
        left, self._held = self._held, ""
        return self._piece(left)

    def _piece(self, text: str) -> list[Piece]:
        said = Said.THOUGHT if self._thinking else Said.ANSWER
        return [Piece(said, text)] if text else []
