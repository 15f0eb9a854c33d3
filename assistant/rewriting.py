"""Rewriting: a language model makes a follow-up a question of its own.

Knows: the prompt and what a usable result looks like. Does not know rules of grammar
(``conversation``) nor passages. Invariant: what a model returns is taken only when it is one short
whole line in the asker's language that keeps what the follow-up names and adds no figure; anything
else, a failure too, is None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from langchain_core.messages import HumanMessage

from assistant.backends import Backend, Spent
from assistant.calls import Calls
from assistant.errors import BackendError
from assistant.language import detect_language
from assistant.normalise import normalise
from assistant.prompting import Prompt, declines, render_question
from assistant.schema import Message
from assistant.spending import Ledger
from assistant.stopwords import STOP_EN
from assistant.thinking import Piece, Said
from assistant.tokens import count_tokens, how_many_fit
from assistant.units import HAN, WORD, stem, units_of

LONGEST = 300
"""Characters of a usable result."""
KEPT = 0.5
"""Share of a follow-up's content words that its rewriting has to keep."""
TURNS = 6
"""Earlier turns that are told, if there is room for as many."""

_NAME = re.compile(r"(?<![A-Za-z])[A-Za-z]*[A-Z0-9][A-Za-z0-9.-]*")
_PARTICLES = frozenset("那这呢吗的了么啊吧和与及是有在它他她们也还又就都")


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
        if count_tokens(written) > self._backend.limits.prompt_tokens:
            # Some servers would cut it themselves, rules and all, and say nothing.
            return None
        said, cut = "", False
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
                    cut = isinstance(piece, Spent) and piece.cut_short
                    if len(said) > 2 * LONGEST:
                        return None
        except BackendError:
            return None
        known = " ".join((question, *(turn.content for turn in history)))
        return None if cut else _usable(said, question, known)

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


def _usable(said: str, question: str, known: str) -> str | None:
    """Return a model's result when it is one short line that asks the same.

    Args:
        said: by the model.
        question: the follow-up as typed.
        known: it and the earlier turns, where every figure has to come from.
    """
    text = said.strip().strip("\"'“”").strip()
    if not text or len(text) > LONGEST or len(text.splitlines()) != 1 or declines(text):
        return None
    if detect_language(text) is not detect_language(question):
        return None
    ours, asked = _Said(text), _Said(question)
    keeps = asked.figures | asked.names <= ours.figures | ours.words
    invents = ours.figures - _Said(known).figures
    enough = len(asked.words & ours.words) >= KEPT * len(asked.words)
    return text if keeps and enough and not invents else None


class _Said:
    """What a question is about, to compare two."""

    def __init__(self, text: str) -> None:
        plain = normalise(text)
        units = units_of(plain)
        self.figures = {unit.rstrip("%") for unit in units if unit[0].isdigit()}
        runs = ((run, stem(run)) for run in WORD.findall(plain))
        english = {unit for run, unit in runs if unit[0].isalpha() and run not in STOP_EN}
        chinese = {unit for unit in units if HAN.match(unit)} - _PARTICLES
        self.words = {unit for unit in english if not HAN.match(unit)} | chinese
        names = _NAME.findall(text)
        self.names = {unit for name in names for unit in units_of(normalise(name))} & self.words
