"""Systems: what a question is put to. FirstPilot, and trivial ones that any number is read against.

Knows: how each makes its reply. Does not know what a right reply is. Invariant: all reply in the
same type, so that no measure can favour one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from assistant import Answer, AnswerKind, Filters, Message, split_sentences
from evals.metrics import Statement
from evals.worlds import World, Worlds


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked, and of what world."""

    question: str
    world: World
    history: tuple[Message, ...] = ()
    filters: Filters | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    kind: AnswerKind
    text: str
    found: tuple[str, ...] = ()
    """Documents of the passages it could rest on, best first."""
    cited: tuple[str, ...] = ()
    """Documents cited, each once."""
    statements: tuple[Statement, ...] = ()
    supported: float | None = None
    """Supported sentences over checked ones, by the system's own check."""
    probability: float | None = None
    """Said chance that the question can be answered."""
    seconds: float
    tokens: int | None = None
    """In and out, of all calls to language models."""


class System(Protocol):
    """Answers questions."""

    @property
    def name(self) -> str:
        """Short name, as in the tables."""
        ...

    def reply(self, inquiry: Inquiry) -> Reply:
        """Return the reply.

        Raises:
            AssistantError: it could not be asked.
        """
        ...


class FirstPilot:
    """The assistant, with vectors or by words alone."""

    def __init__(self, worlds: Worlds, *, words_alone: bool = False) -> None:
        """Take what opens worlds."""
        self._worlds = worlds
        self._words_alone = words_alone
        self.name = "bm25-only" if words_alone else "firstpilot"

    def reply(self, inquiry: Inquiry) -> Reply:
        """Ask it."""
        assistant = self._worlds.open(inquiry.world, words_alone=self._words_alone)
        started = time.perf_counter()
        answer = assistant.ask(inquiry.question, inquiry.history, inquiry.filters)
        return _reply_of(answer, time.perf_counter() - started)


class TopPassage:
    """The passage found first, word for word; never refuses."""

    name = "top-passage"

    def __init__(self, worlds: Worlds) -> None:
        """Take what opens worlds."""
        self._worlds = worlds

    def reply(self, inquiry: Inquiry) -> Reply:
        """Look the question up as it stands."""
        assistant = self._worlds.open(inquiry.world)
        started = time.perf_counter()
        found = assistant.search(inquiry.question, filters=inquiry.filters)
        seconds = time.perf_counter() - started
        if not found:
            return Reply(kind=AnswerKind.ABSTENTION, text="", seconds=seconds)
        text = found[0].chunk.text
        return Reply(
            kind=AnswerKind.ANSWER,
            text=text,
            found=tuple(passage.document.name for passage in found),
            cited=(found[0].document.name,),
            statements=tuple(
                Statement(text=text[span.start : span.end], cited=(found[0],))
                for span in split_sentences(text)
            ),
            seconds=seconds,
        )


class AlwaysAbstain:
    """Refuses everything."""

    name = "always-abstain"

    def reply(self, inquiry: Inquiry) -> Reply:
        """Refuse."""
        return Reply(kind=AnswerKind.ABSTENTION, text="", seconds=0.0)


def answering_systems(worlds: Worlds) -> list[System]:
    """Return FirstPilot, then the trivial ones."""
    return [
        FirstPilot(worlds),
        FirstPilot(worlds, words_alone=True),
        TopPassage(worlds),
        AlwaysAbstain(),
    ]


MAIN = "firstpilot"
"""The system that is gated."""


def _reply_of(answer: Answer, seconds: float) -> Reply:
    said = answer.provenance
    tokens = [n for n in (said.input_tokens, said.output_tokens) if n is not None]
    return Reply(
        kind=answer.kind,
        text=answer.text,
        found=tuple(passage.document.name for passage in answer.passages),
        cited=tuple(dict.fromkeys(c.passage.document.name for c in answer.citations)),
        statements=tuple(
            Statement(
                text=check.claim.text,
                cited=tuple(
                    answer.passages[n - 1]
                    for n in check.claim.markers
                    if 1 <= n <= len(answer.passages)
                ),
            )
            for check in answer.grounding.checks
        ),
        supported=answer.grounding.supported_fraction,
        probability=said.answerable,
        seconds=seconds,
        tokens=sum(tokens) if tokens else None,
    )
