"""The page's handlers: what an event changes on the page, and what it leaves as it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from assistant.schema import Event
from assistant.store import Store
from assistant.ui.handlers import Handlers
from tests.test_ui_desk import WHOLE, desk_with

REQUEST: Any = SimpleNamespace(headers={}, cookies={})
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
