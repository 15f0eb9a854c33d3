"""Rewriting: a language model makes a follow-up a question of its own.

Knows: the prompt and what a usable result looks like. Does not know rules of grammar
(``conversation``) nor passages. Invariant: what a model returns is taken only when it is one short
question in the asker's language; anything else, a failure too, is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from langchain_core.messages import HumanMessage

from assistant.backends import Backend, Spent
from assistant.calls import Calls
from assistant.errors import BackendError
from assistant.language import detect_language
from assistant.prompting import Prompt, render_question
from assistant.schema import Message
from assistant.spending import Ledger
from assistant.thinking import Piece, Said
from assistant.tokens import count_tokens, how_many_fit

LONGEST = 300
"""Characters of a usable result."""
TURNS = 6
"""Earlier turns that are told, if there is room for as many."""


class Rewriter:
    """Asks one backend. Safe to share between threads."""

    def __init__(self, backend: Backend, prompt: Prompt, ledger: Ledger) -> None:
        """Take the backend, the prompt with the variables history and question, and who pays."""
        self._backend = backend
        self._prompt = prompt
        self._ledger = ledger

    def rewrite(self, question: str, history: Sequence[Message], calls: Calls) -> str | None:
        """Return the question with what the history adds, None when the model gave nothing usable.

        Args:
            question: as typed.
            history: earlier turns, oldest first.
            calls: told of the call.
        """
        if calls.pass_over(self._backend, self._ledger):
            return None
        told = self._told(question, history)
        calls.turns_cut = len(history) - len(told)
        written = self._prompt.render(
            history="\n".join(told), question=render_question(question, brief=True)
        )
        said = ""
        try:
            with (
                calls.calling(self._backend, written, self._ledger) as call,
                closing(
                    self._backend.stream([HumanMessage(content=written)], calls.stop)
                ) as pieces,
            ):
                for piece in pieces:
                    call.hear(piece)
                    said = _added(said, piece)
                    if len(said) > 2 * LONGEST:
                        return None
        except BackendError:
            return None
        return _usable(said, question)

    def _told(self, question: str, history: Sequence[Message]) -> list[str]:
        """Return the last turns that fit beside the question, oldest first."""
        frame = count_tokens(self._prompt.template) + count_tokens(question)
        room = self._backend.limits.prompt_tokens - frame
        latest = [
            f"{turn.role.value}: {render_question(' '.join(turn.content.split()), brief=True)}"
            for turn in history[-TURNS:][::-1]
        ]
        return latest[: how_many_fit(latest, room, count_tokens)][::-1]


def _added(said: str, piece: Piece | Spent) -> str:
    """Return what was said so far with a piece more."""
    if isinstance(piece, Spent) or piece.said is Said.THOUGHT:
        return said
    return "" if piece.said is Said.RETRACTED else said + piece.text


def _usable(said: str, question: str) -> str | None:
    """Return a model's result when it is one short line in the question's language."""
    text = said.strip().strip("\"'“”").strip()
    if not text or len(text) > LONGEST or len(text.splitlines()) != 1:
        return None
    return text if detect_language(text) is detect_language(question) else None
