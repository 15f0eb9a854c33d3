"""The page's handlers: what an event changes on the page, and what it leaves as it is."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from assistant.schema import Event
from assistant.store import Store, TurnState
from assistant.ui.handlers import Handlers
from assistant.ui.page import build_ui
from assistant.ui.sidebar import PAGE
from tests.test_ui_desk import WHOLE, desk_with

REQUEST: Any = SimpleNamespace(headers={}, cookies={}, session_hash="tab")
BOX, CHAT, PANE, CONVERSATION, EDITING, SIDE, HINT = range(7)


def handlers_over(store: Store, *events: Event) -> Handlers:
    desk, _ = desk_with(store, *(events or WHOLE))
    return Handlers(desk, lambda _: "me")


def sent(**data: str) -> gr.EventData:
    return cast(gr.EventData, SimpleNamespace(_data=data))


def is_left(output: Any) -> bool:
    """Whether an output stays as it is."""
    return bool(output == gr.skip())


@pytest.mark.parametrize(
    ("language", "question", "told"),
    [
        ("en", "?", "There is no question in it"),
        ("zh", "?", "没有读到问题"),
        ("zh", "q" * 5000, "问题有 5,000 个字，请缩短到 100 个以内"),
    ],
)
def test_what_cannot_be_asked_is_told_in_the_pages_language_and_stays_in_the_box(
    store: Store, language: str, question: str, told: str
) -> None:
    act = handlers_over(store)
    (shown,) = act.ask_typed(question, "", language, "", None, REQUEST)
    assert told in shown[HINT]
    assert all(is_left(output) for output in shown[:HINT])
    (changed,) = act.ask_typed(question, "", language, "some-turn", None, REQUEST)
    assert 'data-do="click"' in changed[HINT], "a change can still be left"


def test_a_switch_while_an_answer_grows_leaves_it_growing_in_the_other_language(
    store: Store,
) -> None:
    act = handlers_over(store)
    running = act.ask_typed("q?", "", "en", "", None, REQUEST)
    conversation = [next(running) for _ in range(3)][-1][CONVERSATION]
    switched = act.switch(conversation, "en", None, REQUEST)
    assert switched[BOX].stop_btn == "停止"
    assert switched[BOX].submit_btn is False
    assert 'data-stage="checking"' in switched[CHAT].value[0]
    assert "正在逐句" in switched[CHAT].value[0]
    (last,) = running
    assert "您的提问" in last[CHAT][0]
    assert last[BOX].submit_btn == "提问"


def test_a_thumb_while_an_answer_grows_leaves_it_growing(store: Store) -> None:
    act = handlers_over(store)
    *_, first = act.ask_typed("one?", "", "en", "", None, REQUEST)
    (turn,) = store.conversations.turns("me", first[CONVERSATION])
    running = act.ask_typed("two?", first[CONVERSATION], "en", "", None, REQUEST)
    for _ in range(3):
        next(running)
    rated = act.rate(first[CONVERSATION], "en", sent(key=turn.id, rating="1"), REQUEST)
    assert ['data-stage="done"' in rated[0], 'data-stage="checking"' in rated[1]] == [True, True]


def test_a_new_conversation_is_not_drawn_over_by_the_one_before(store: Store) -> None:
    act = handlers_over(store)
    running = act.ask_typed("q?", "", "en", "", None, REQUEST)
    conversation = [next(running) for _ in range(3)][-1][CONVERSATION]
    shown = act.new(conversation, "en", REQUEST)
    assert "fp-welcome" in shown[CHAT][0]
    assert list(running) == []


def test_a_closed_tab_ends_what_is_answered_in_it_and_nothing_else(store: Store) -> None:
    desk, _ = desk_with(store, *WHOLE)
    act = Handlers(desk, lambda request: request.owner)
    tabs: list[Any] = [
        SimpleNamespace(headers={}, cookies={}, session_hash=session, owner=owner)
        for owner, session in (("me", "one"), ("me", "two"), ("you", "one"), ("me", None))
    ]
    running = [act.ask_typed("q?", "", "en", "", None, tab) for tab in tabs]
    for each in running:
        for _ in range(3):
            shown = next(each)
    stops = [run.stop for run in desk._runs.values()]
    act.close(tabs[0])
    assert [stop.is_set() for stop in stops] == [True, False, False, False]
    act.close(tabs[3])
    assert [stop.is_set() for stop in stops] == [True, False, False, False]
    (turn,) = (
        turn
        for talk in store.conversations.of("me")
        for turn in store.conversations.turns("me", talk.id)
        if turn.state is TurnState.UNFINISHED
    )
    assert turn.text == "AI is used. [1]", "what was shown stays"
    assert list(running[0]) == []
    for other in running[1:]:
        *_, shown = other
        assert 'data-stage="done"' in shown[CHAT][0]
    assert desk._runs == {}


def test_the_page_is_told_of_a_closed_tab(store: Store) -> None:
    desk, _ = desk_with(store)
    page = build_ui(desk.assistant, store, lambda _: "me")
    (told,) = [fn for fn in page.fns.values() if any(t[1] == "unload" for t in fn.targets)]
    assert told.api_visibility == "private"
    assert page.get_config_file()["connect_heartbeat"]


@pytest.mark.parametrize(
    ("part", "event"),
    [("fp-question", "stop"), ("fp-conversations", "click"), ("fp-conversations", "select"),
     ("fp-conversations", "clear")],
)  # fmt: skip
def test_a_run_is_cancelled_before_what_turns_away_from_it(
    store: Store, part: str, event: str
) -> None:
    desk, _ = desk_with(store)
    page = build_ui(desk.assistant, store, lambda _: "me")
    (key,) = [key for key, block in page.blocks.items() if block.elem_id == part]
    told = [fn for fn in page.fns.values() if (key, event) in fn.targets]
    (handler,) = [at for at, fn in enumerate(told) if fn.fn is not None]
    (cancel,) = [at for at, fn in enumerate(told) if fn.cancels]
    assert cancel < handler
    assert len(told[cancel].cancels) == 3


def test_gradio_sums_nothing_up_after_each_event(store: Store) -> None:
    desk, _ = desk_with(store)
    queue = build_ui(desk.assistant, store, lambda _: "me")._queue
    queue.events_recorded = 5
    queue.compute_analytics_summary([{"function": "ask", "status": "success", "process_time": 1.0}])
    assert queue.event_count_at_last_cache == 0


def test_deleting_another_conversation_leaves_the_open_one_running(store: Store) -> None:
    act = handlers_over(store)
    *_, other = act.ask_typed("one?", "", "en", "", None, REQUEST)
    running = act.ask_typed("two?", "", "en", "", None, REQUEST)
    conversation = next(running)[CONVERSATION]
    shown = act.delete(conversation, "en", sent(key=other[CONVERSATION]), REQUEST)
    assert is_left(shown[CHAT])
    assert 'data-stage="done"' in list(running)[-1][CHAT][0]


def test_only_the_last_question_is_asked_again_by_a_click(store: Store) -> None:
    act = handlers_over(store)
    *_, first = act.ask_typed("one?", "", "en", "", None, REQUEST)
    talk = first[CONVERSATION]
    *_, shown = act.ask_typed("two?", talk, "en", "", None, REQUEST)
    one, two = store.conversations.turns("me", talk)
    assert re.findall('data-do="retry" data-key="([^"]*)"', "".join(shown[CHAT])) == [two.id]
    # From a tab that was left open before the second question.
    (told,) = act.retry(talk, "en", None, sent(key=one.id), REQUEST)
    assert [turn.id for turn in store.conversations.turns("me", talk)] == [one.id, two.id]
    assert len(told[CHAT]) == 2, "what it did not know of is shown"
    *_, last = act.retry(talk, "en", None, sent(key=two.id), REQUEST)
    kept = store.conversations.turns("me", talk)
    assert [turn.question for turn in kept] == ["one?", "two?"]
    assert kept[1].id != two.id
    assert len(last[CHAT]) == 2
    assert list(act.retry("none", "en", None, sent(key=two.id), REQUEST)) == []


@pytest.mark.parametrize(
    ("language", "told"), [("en", "what follows are replaced"), ("zh", "之后的内容会被替换")]
)
def test_a_change_says_what_it_will_replace(store: Store, language: str, told: str) -> None:
    act = handlers_over(store)
    *_, first = act.ask_typed("one?", "", "en", "", None, REQUEST)
    (turn,) = store.conversations.turns("me", first[CONVERSATION])
    _, _, said = act.edit(first[CONVERSATION], language, sent(key=turn.id), REQUEST)
    assert told in said


def titles(side: str) -> list[str]:
    return re.findall(r'class="fp-open"[^>]*>([^<]*)<', side)


def test_what_is_listed_stays_when_one_of_it_is_renamed_opened_or_deleted(store: Store) -> None:
    act, kept = handlers_over(store), store.conversations
    talks = [kept.create("me", title) for title in ("AI one", "other", "AI two", "AI three")]
    found = act.find("", "en", sent(words=" ai  "), REQUEST)
    assert titles(found) == ["AI three", "AI two", "AI one"]
    listed = re.findall('data-words="([^"]*)"', found)
    assert listed == ["ai"]
    here = {"words": listed[0], "count": "200"}
    renamed = act.rename("", "en", sent(key=talks[0].id, title="AI 1", **here), REQUEST)
    assert titles(renamed) == ["AI three", "AI two", "AI 1"]
    opened = act.open("", "en", sent(key=talks[2].id, **here), REQUEST)
    assert titles(opened[SIDE]) == ["AI three", "AI two", "AI 1"]
    for current in ("", talks[2].id):
        key = talks[2].id if current else talks[3].id
        deleted = act.delete(current, "en", sent(key=key, **here), REQUEST)
        assert "other" not in titles(deleted[SIDE])
    assert titles(act.find("", "en", sent(words=""), REQUEST)) == ["other", "AI 1"]


def test_older_conversations_are_shown_when_asked_for(store: Store) -> None:
    act = handlers_over(store)
    for number in range(PAGE + 1):
        store.conversations.create("me", f"talk {number}")
    for words in ("", "talk"):
        first = act.find("", "zh", sent(words=words), REQUEST)
        assert (len(titles(first)), "显示更早的对话" in first) == (PAGE, True)
        (_, more) = re.findall(r'name="count" value="(\d+)"', first)
        every = act.find("", "zh", sent(words=words, count=more), REQUEST)
        assert (len(titles(every)), "显示更早的对话" in every) == (PAGE + 1, False)
        last = titles(every)[-1]
        key = store.conversations.search("me", f"{last} talk", 500)[-1].id
        renamed = act.rename("", "zh", sent(key=key, title=last, words=words, count=more), REQUEST)
        assert last in titles(renamed), "what was shown stays in sight"


@pytest.mark.parametrize("count", ["", "-5", "1e9", "９９９", "9" * 30, "0", "x"])
def test_a_count_that_makes_no_sense_lists_as_ever(store: Store, count: str) -> None:
    store.conversations.create("me", "talk")
    side = handlers_over(store).find("", "en", sent(words="", count=count), REQUEST)
    assert titles(side) == ["talk"]


def test_all_ways_to_ask_share_one_limit(store: Store) -> None:
    desk, _ = desk_with(store)
    page = build_ui(desk.assistant, store, lambda _: "me", concurrency=3, waiting=5)
    asking = [fn for fn in page.fns.values() if fn.name in {"ask_typed", "ask_offered", "retry"}]
    assert len(asking) == 3
    assert {(fn.concurrency_id, fn.concurrency_limit) for fn in asking} == {("answers", 3)}
    assert page._queue.max_size == 5
