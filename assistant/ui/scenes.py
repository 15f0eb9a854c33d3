"""Scenes: what the page shows of a conversation at one moment, and how an event changes that.

Knows: the events of an answer and what is kept of a turn. Does not know the store's tables, Gradio
or HTML. Invariant: a scene is frozen; each function returns another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assistant.citations import cited_in
from assistant.errors import QuestionError
from assistant.exchange import of_check, of_passage, restore, restore_checks
from assistant.language import detect_language
from assistant.schema import (
    Answer,
    Answered,
    Citation,
    Event,
    Language,
    Passage,
    Restarted,
    Retrieved,
    Thought,
    Verified,
)
from assistant.stopping import Stop
from assistant.store import Backing, Feedback, Turn
from assistant.ui.transcript import Opinion, Shown, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the page shows at one moment."""

    conversation: str
    """Id of the open conversation, or "" before anything was asked."""
    turns: tuple[Shown, ...] = ()
    key: str = ""
    """The answer whose sources are shown."""
    passages: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    refused: QuestionError | None = None
    """Why the question was not taken; then nothing was changed."""
    language: Language | None = None
    """To which the page was switched since the question was asked."""


@dataclass(slots=True)
class Run:
    """An answer that this process is making, for those who meddle meanwhile."""

    scene: Scene
    """As it was last shown."""
    tab: tuple[str, str] = ("", "")
    """Whose, and in which tab of theirs."""
    instead: tuple[Shown, ...] = ()
    """The turns it will take the place of, once it is there."""
    since: int | None = None
    """Where in the conversation these begin."""
    stop: Stop = field(default_factory=Stop)
    """Ends it, whatever the model is about."""
    left: bool = False
    """Its reader looks at something else: nothing more may be shown."""
    language: Language | None = None
    """To which the page was switched meanwhile."""


def given_up(run: Run) -> Scene:
    """Return the scene of an answer that will not be finished, with what it would have replaced."""
    *before, now = run.scene.turns
    return replace(run.scene, turns=(*before, *run.instead, now))


def after(event: Event, scene: Scene) -> Scene:
    """Return the scene after an event."""
    *before, now = scene.turns
    match event:
        case Retrieved(passages=passages):
            scene = replace(scene, passages=passages, citations=())
            now = replace(now, stage=Stage.CHECKING)
        case Verified(piece=piece, check=check):
            checks = (*now.checks, check) if check else now.checks
            now = replace(now, stage=Stage.CHECKING, text=now.text + piece, checks=checks)
        case Restarted():
            now = replace(now, text="", checks=())
        case Thought(piece=piece):
            now = replace(now, stage=Stage.THINKING, thoughts=now.thoughts + piece)
        case Answered(answer=answer):
            scene = replace(scene, passages=answer.passages, citations=answer.citations)
            now = _answered(now, answer)
    return replace(scene, turns=(*before, now))


def backing_of(scene: Scene) -> Backing:
    """Return what stands behind the growing answer of a scene, to be kept beside its text."""
    return Backing(
        passages=tuple(map(of_passage, scene.passages)),
        sentences=tuple(map(of_check, scene.turns[-1].checks)),
    )


def sources_of(turn: Turn) -> tuple[tuple[Passage, ...], tuple[Citation, ...]]:
    """Return what was found for a stored turn, and what its answer, or the part shown, quotes."""
    if turn.answer is not None:
        answer = restore(turn.answer)
        return answer.passages, answer.citations
    if turn.backing is None:
        return (), ()
    passages, checks = restore_checks(turn.backing.passages, turn.backing.sentences)
    return passages, cited_in(checks)


def restored(turn: Turn, opinions: Mapping[str, Feedback]) -> Shown:
    """Return a stored turn as it is shown; one that has no answer was interrupted."""
    behind = turn.backing or Backing()
    shown = Shown(
        key=turn.id,
        question=turn.question,
        language=detect_language(turn.question),
        stage=Stage.UNFINISHED,
        text=turn.text,
        checks=restore_checks(behind.passages, behind.sentences)[1],
        could_leave=turn.could_leave,
    )
    if turn.answer is None:
        return shown
    given = opinions.get(turn.answer.id)
    if given is not None and given.rating:
        opinion = Opinion(rating=given.rating, commented=bool(given.comment))
        shown = replace(shown, opinion=opinion)
    return _answered(shown, restore(turn.answer))


def stopped(scene: Scene) -> Scene:
    """Return a scene whose last answer was stopped, unless it had come to its end."""
    *before, now = scene.turns
    if now.stage in {Stage.DONE, Stage.FAILED}:
        return scene
    turns = (*before, replace(now, stage=Stage.STOPPED))
    return replace(scene, turns=turns, citations=cited_in(now.checks))


def failed(scene: Scene, reference: str) -> Scene:
    """Return a scene whose last answer failed; what was shown stays, the log has the rest."""
    *before, now = scene.turns
    now = replace(now, stage=Stage.FAILED, reference=reference)
    return replace(scene, turns=(*before, now), citations=cited_in(now.checks))


def _answered(turn: Shown, answer: Answer) -> Shown:
    return replace(
        turn, stage=Stage.DONE, text=answer.text, language=answer.language, answer=answer
    )
