"""The desk: answers grow, are kept as they grow, and end whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import update

from assistant import Assistant
from assistant.errors import BackendError, QuestionEmpty, QuestionTooLong, StorageError
from assistant.exchange import of_answer
from assistant.schema import (
    Answered,
    Event,
    Filters,
    Language,
    Message,
    Retrieved,
    Thought,
    Verified,
)
from assistant.service import Uses
from assistant.stopping import Stop
from assistant.store import Store, TurnState
from assistant.store.tables import TurnRow
from assistant.ui.desk import Desk
from assistant.ui.filtering import Choice
from assistant.ui.scenes import Scene
from assistant.ui.transcript import RUNNING, Stage
from tests.test_ui_html import answered, check_of, citation, listing_of, passage

FREE = Choice(filters=None, background="")


class Scripted:
    """An assistant that says what it was told, and remembers what it was asked."""

    can_leave_machine = True
    stop: Stop | None = None

    def __init__(self, *events: Event | Exception) -> None:
        self.events = events
        self.asked: list[tuple[str, list[str], Filters | None]] = []

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        filters: Filters | None = None,
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        self.stop = stop
        self.asked.append((question, [message.content for message in history], filters))
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def readable(self, question: str) -> str:
        if len(question) > 100:
            raise QuestionTooLong(len(question), 100)
        if "q" not in question and "?" in question[:1]:
            raise QuestionEmpty
        return question

    def coverage(self) -> Any:
        return SimpleNamespace(documents=())

    def search(self, query: str) -> list[Any]:
        return [listing_of("how many smes use ai")]


SENTENCE = Verified(
    check=check_of("AI is used.", 0, citation("AI is used.", passage())), piece="AI is used. [1]"
)
WHOLE: tuple[Event, ...] = (
    Retrieved(passages=(passage(),)), SENTENCE, Answered(answer=answered()),
)  # fmt: skip


def desk_with(store: Store, *events: Event | Exception) -> tuple[Desk, Scripted]:
    scripted = Scripted(*events)
    return Desk(cast(Assistant, scripted), store), scripted


def drain(desk: Desk, question: str = "q?", conversation: str = "", **more: Any) -> Scene:
    *_, last = desk.answer("me", conversation, question, more.pop("choice", FREE), **more)
    return last


def test_an_answer_grows_and_is_kept_before_each_next_sentence(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    seen = []
    for scene in desk.answer("me", "", "q?", FREE):
        (kept,) = store.conversations.turns("me", scene.conversation)
        seen.append((scene.turns[-1].stage, scene.turns[-1].text, kept.state, kept.text))
    assert seen == [
        (Stage.SEARCHING, "", TurnState.ANSWERING, ""),
        (Stage.CHECKING, "", TurnState.ANSWERING, ""),
        (Stage.CHECKING, "AI is used. [1]", TurnState.ANSWERING, "AI is used. [1]"),
        (Stage.DONE, "AI is used. [1]", TurnState.DONE, "AI is used. [1]"),
    ]


def test_a_finished_conversation_comes_back_as_it_was(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    scene = drain(desk)
    again = desk.open("me", scene.conversation)
    (turn,) = again.turns
    assert turn.stage is Stage.DONE
    assert turn.answer is not None
    assert of_answer(turn.answer) == of_answer(answered())
    # Where a passage stands among its document's sections is not kept.
    kept, shown = (
        [(c.marker, c.quote, c.start, c.end, c.passage.chunk.id) for c in each.citations]
        for each in (again, scene)
    )
    assert kept == shown
    assert turn.suggestions == ("How many SMEs use AI?",)


def test_what_was_asked_before_goes_along_and_a_sector_stands_before_the_question(
    store: Store,
) -> None:
    desk, scripted = desk_with(store, *WHOLE)
    first = drain(desk, "one?")
    only = Filters(year_from=2024)
    choice = Choice(filters=only, background="We run a farm.")
    second = drain(desk, "two?", first.conversation, choice=choice)
    assert scripted.asked == [("one?", [], None), ("We run a farm. two?", ["one?"], only)]
    # What is shown and kept is what was typed.
    assert [turn.question for turn in second.turns] == ["one?", "two?"]


@pytest.mark.parametrize("problem", [BackendError("m: is down"), RuntimeError("secret detail")])
def test_whatever_fails_the_reader_gets_a_calm_line_and_keeps_what_was_shown(
    store: Store, problem: Exception
) -> None:
    desk, _ = desk_with(store, WHOLE[0], SENTENCE, problem)
    last = drain(desk).turns[-1]
    assert last.stage is Stage.FAILED
    assert last.text == "AI is used. [1]"
    assert last.reference == last.key[:8], "the log has the rest"
    (kept,) = store.conversations.turns("me", store.conversations.of("me")[0].id)
    assert (kept.state, kept.text) == (TurnState.UNFINISHED, "AI is used. [1]")


@pytest.mark.parametrize(("question", "why"), [("?", QuestionEmpty), ("q" * 101, QuestionTooLong)])
def test_a_question_that_cannot_be_taken_begins_no_conversation(
    store: Store, question: str, why: type[Exception]
) -> None:
    desk, _ = desk_with(store, *WHOLE)
    assert isinstance(drain(desk, question).refused, why)
    assert store.conversations.of("me") == []


def test_a_change_that_cannot_be_taken_loses_nothing(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    first = drain(desk, "one?")
    for question in ("two?", "three?"):
        drain(desk, question, first.conversation)
    scene = drain(desk, "q" * 5000, first.conversation, replaced=first.turns[0].key)
    assert isinstance(scene.refused, QuestionTooLong)
    assert [turn.question for turn in desk.open("me", first.conversation).turns] == [
        "one?", "two?", "three?",
    ]  # fmt: skip


def test_what_is_asked_is_measured_with_what_stands_before_it(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    choice = Choice(filters=None, background="We run a farm." * 7)
    assert isinstance(drain(desk, "q" * 10, choice=choice).refused, QuestionTooLong)


def test_a_reader_who_leaves_in_the_middle_finds_the_answer_marked(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    running = desk.answer("me", "", "q?", FREE)
    scenes = [next(running) for _ in range(3)]
    cast(Any, running).close()  # as when the tab is closed
    (turn,) = desk.open("me", scenes[-1].conversation).turns
    assert (turn.stage, turn.text) == (Stage.UNFINISHED, "AI is used. [1]")
    assert turn.could_leave is True, "as it was when it was asked"
    again = desk.open("me", scenes[-1].conversation)
    (check,) = turn.checks
    assert check.evidence[0].quote == "AI is used.", "its badge comes back with its quote"
    assert [c.quote for c in again.citations] == ["AI is used."]
    assert [p.chunk.id for p in again.passages] == ["c"]
    pane = desk.sources("me", scenes[-1].conversation, turn.key)
    assert pane is not None
    assert [c.quote for c in pane.citations] == ["AI is used."]


def test_a_stopped_answer_keeps_what_was_shown_and_is_not_finished_later(store: Store) -> None:
    desk, scripted = desk_with(store, *WHOLE)
    running = desk.answer("me", "", "q?", FREE)
    scene = [next(running) for _ in range(3)][-1]
    assert scripted.stop is not None
    assert not scripted.stop.is_set()
    halted = desk.stop("me", scene.conversation)
    assert scripted.stop.is_set(), "the model is told at once"
    assert halted.turns[-1].stage is Stage.STOPPED
    assert halted.turns[-1].checks == scene.turns[-1].checks, "its quotes stay"
    assert halted.passages == scene.passages
    assert [c.quote for c in halted.citations] == ["AI is used."]
    assert [each.turns[-1].stage for each in running] == [Stage.STOPPED]
    (turn,) = desk.open("me", scene.conversation).turns
    assert turn.stage is Stage.UNFINISHED
    assert turn.text == "AI is used. [1]"
    assert [c.quote for check in turn.checks for c in check.evidence] == ["AI is used."]


@pytest.mark.parametrize("way", ["delete", "leave"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_what_its_reader_deleted_or_left_is_shown_no_more(
    store: Store, way: str, after: int
) -> None:
    desk, _ = desk_with(store, *WHOLE)
    running = desk.answer("me", "", "q?", FREE)
    scene = [next(running) for _ in range(after)][-1]
    getattr(desk, way)("me", scene.conversation)
    assert list(running) == []
    assert store.usage.of("me") == []
    kept = store.conversations.turns("me", scene.conversation)
    assert [turn.state for turn in kept] == [TurnState.UNFINISHED] * (way == "leave")


def test_what_another_process_deleted_is_shown_no_more(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    running = desk.answer("me", "", "q?", FREE)
    scene = [next(running) for _ in range(3)][-1]
    store.conversations.delete("me", scene.conversation)
    assert list(running) == []
    assert store.usage.of("me") == []


def test_who_looks_while_an_answer_grows_sees_it_growing(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    first = drain(desk, "one?")
    running = desk.answer("me", first.conversation, "two?", FREE)
    shown = [next(running) for _ in range(3)][-1]
    looked = desk.look("me", first.conversation, Language.ZH)
    assert looked.turns == shown.turns
    assert (looked.key, looked.passages) == (shown.key, shown.passages)
    assert [scene.language for scene in running] == [Language.ZH], "it goes on in that language"
    assert desk.look("me", first.conversation, Language.EN).turns[-1].stage is Stage.DONE
    assert desk.look("you", first.conversation, Language.EN).turns == ()


def test_a_changed_question_replaces_its_turn_and_what_follows(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    first = drain(desk, "one?")
    drain(desk, "two?", first.conversation)
    key = first.turns[0].key
    scene = drain(desk, "other?", first.conversation, replaced=key)
    assert [turn.question for turn in scene.turns] == ["other?"]
    assert len(store.conversations.turns("me", first.conversation)) == 1


@pytest.mark.parametrize("end", ["stop", "leave", "close", "fail", "restart"])
def test_what_is_replaced_stays_until_the_new_answer_is_there(store: Store, end: str) -> None:
    desk, scripted = desk_with(store, *WHOLE)
    first = drain(desk, "one?")
    talk = first.conversation
    drain(desk, "two?", talk)
    if end == "fail":
        scripted.events = (*WHOLE[:2], BackendError("m: is down"))
    running = desk.answer("me", talk, "other?", FREE, replaced=first.turns[0].key, session="tab")
    scene = [next(running) for _ in range(3)][-1]
    assert [turn.question for turn in scene.turns] == ["other?"]
    assert desk.look("me", talk).turns == scene.turns
    match end:
        case "stop":
            shown = desk.stop("me", talk)
            assert [turn.question for turn in shown.turns] == ["one?", "two?", "other?"]
        case "leave":
            desk.leave("me", talk)
        case "close":
            desk.close("me", "tab")
        case "restart":
            cast(Any, running).close()
    rest = list(running)
    for last in rest:
        assert [turn.question for turn in last.turns] == ["one?", "two?", "other?"]
    assert len(rest) == (end in {"stop", "fail"})
    kept = store.conversations.turns("me", talk)
    assert [(turn.question, turn.state) for turn in kept] == [
        ("one?", TurnState.DONE), ("two?", TurnState.DONE), ("other?", TurnState.UNFINISHED),
    ]  # fmt: skip


def test_failures_do_not_pile_up(store: Store) -> None:
    desk, scripted = desk_with(store, *WHOLE)
    talk = drain(desk, "one?").conversation
    scripted.events = (*WHOLE[:2], BackendError("m: is down"))
    last = drain(desk, "two?", talk)
    for _ in range(3):
        last = drain(desk, "two?", talk, replaced=last.turns[-1].key)
        assert [turn.question for turn in last.turns] == ["one?", "two?"]
    scripted.events = WHOLE
    last = drain(desk, "two?", talk, replaced=last.turns[-1].key)
    assert [turn.question for turn in last.turns] == ["one?", "two?"]
    kept = store.conversations.turns("me", talk)
    assert [turn.state for turn in kept] == [TurnState.DONE] * 2


def test_thoughts_come_before_the_answer_and_are_none_of_it(store: Store) -> None:
    desk, _ = desk_with(store, WHOLE[0], Thought(piece="hm"), *WHOLE[1:])
    stages = [scene.turns[-1].stage for scene in desk.answer("me", "", "q?", FREE)]
    assert Stage.THINKING in stages
    assert stages[-1] is Stage.DONE
    assert set(stages[:-1]) <= RUNNING


def test_a_model_that_thinks_long_is_not_taken_for_dead(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = desk_with(store, WHOLE[0], Thought(piece="hm"), *WHOLE[1:])
    monkeypatch.setattr("assistant.ui.desk.TOUCH", -1.0)
    running = desk.answer("me", "", "q?", FREE)
    next(running)
    with store.database.session() as session:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        session.execute(update(TurnRow).values(worker="elsewhere:7:abc", touched=long_ago))
    next(running)
    next(running)  # the thought
    assert store.conversations.recover() == 0
    assert list(running)[-1].turns[-1].stage is Stage.DONE


def test_nobody_sees_or_changes_what_is_somebody_elses(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    mine = drain(desk, "mine?")
    key = mine.turns[0].key
    assert desk.open("you", mine.conversation).turns == ()
    assert desk.question("you", mine.conversation, key) is None
    assert desk.sources("you", mine.conversation, key) is None
    *_, theirs = desk.answer("you", mine.conversation, "yours?", FREE, key)
    assert theirs.conversation != mine.conversation
    desk.rate("you", mine.conversation, key, 1)
    assert store.opinions.of("you") == {}
    assert [turn.question for turn in desk.open("me", mine.conversation).turns] == ["mine?"]


def test_a_thumb_and_a_comment_are_kept_and_shown(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    scene = drain(desk)
    key = scene.turns[0].key
    desk.rate("me", scene.conversation, key, -1)
    opinion = desk.open("me", scene.conversation).turns[0].opinion
    assert opinion is not None
    assert (opinion.rating, opinion.commented) == (-1, False)
    desk.rate("me", scene.conversation, key, -1, "wrong year")
    opinion = desk.open("me", scene.conversation).turns[0].opinion
    assert opinion is not None
    assert opinion.commented
    (given,) = store.opinions.of("me").values()
    assert (given.rating, given.comment) == (-1, "wrong year")


def test_a_store_that_fails_is_told_calmly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _ = desk_with(store, *WHOLE)
    monkeypatch.setattr(store.conversations, "begin", _broken)
    last = drain(desk).turns[-1]
    assert last.stage is Stage.FAILED
    assert last.language is Language.EN
    assert last.reference == "store"


def test_an_answer_of_the_page_is_counted_as_any_other(store: Store) -> None:
    told: list[tuple[str, str]] = []
    scripted = cast(Assistant, Scripted(*WHOLE))
    uses = Uses(store, lambda door, answer, _: told.append((door, answer.id)))
    scene = drain(Desk(scripted, store, uses))
    assert scene.turns[-1].stage is Stage.DONE
    assert told == [("page", answered().id)]
    assert [use.door for use in store.usage.of("me")] == ["page"]


def test_an_answer_is_not_lost_because_its_use_could_not_be_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(store.usage, "add", full)
    desk, _ = desk_with(store, *WHOLE)
    assert drain(desk).turns[-1].stage is Stage.DONE


def _broken(*_: object) -> Any:
    raise OSError("disk full")
