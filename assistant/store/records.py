"""What the store gives back: conversations, turns, feedback, usage, keys.

Knows: their shape. Does not know: databases. Invariant: every value is frozen, and every time is in
UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from assistant.contract import Answer, Passage, Sentence


class TurnState(StrEnum):
    """How far an answer got."""

    ANSWERING = "answering"
    DONE = "done"
    UNFINISHED = "unfinished"
    """Stopped by its reader, or the server went away in the middle."""


class Role(StrEnum):
    """What the holder of a key may do."""

    READER = "reader"
    MAINTAINER = "maintainer"
    """May also add documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation, without its turns."""

    id: str
    title: str
    """As named, or the start of the first question."""
    created: datetime
    updated: datetime
    turns: int
    """How many questions were asked in it."""


class Backing(BaseModel):
    """What stands behind the text of an answer that has no end (yet)."""

    model_config = ConfigDict(frozen=True)

    passages: tuple[Passage, ...] = ()
    """What was found, best first."""
    sentences: tuple[Sentence, ...] = ()
    """The checks of what was shown so far, in the order of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and what was answered."""

    id: str
    conversation_id: str
    position: int
    """From 0."""
    question: str
    state: TurnState
    text: str
    """The checked text shown so far; the whole one when done."""
    answer: Answer | None
    """The whole typed answer, once done; ``contract.restore`` makes the domain's of it."""
    asked: datetime
    could_leave: bool | None = None
    """Whether text could leave the machine while it was answered; None when that is not known."""
    backing: Backing | None = None
    """What stands behind the text shown so far; None once done, as the answer holds it then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What one person thinks of one answer."""

    answer_id: str
    rating: int
    """1 for thumbs up, -1 for thumbs down, 0 for a comment alone."""
    comment: str
    given: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """That an answer was given: how much it took, never what was asked."""

    answer_id: str
    owner: str
    door: str
    """By which door it was asked: page, gradio, rest, openai or mcp."""
    kind: str
    language: str
    seconds: float
    at: datetime
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    left_machine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without its secret."""

    id: str
    name: str
    role: Role
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, as far as the store needs to know."""

    owner: str
    """Under which key their conversations are kept."""
    role: Role
