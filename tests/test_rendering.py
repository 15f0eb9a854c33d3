"""Rendering: what a terminal is told of an answer beside its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.rendering import to_text, written_by
from assistant.schema import Answer, Language
from assistant.terminal import stream_answer
from tests.scripted import serving
from tests.test_backends import QUESTION, asking, fact  # noqa: F401 - fixtures

EN, ZH = Language.EN, Language.ZH


@pytest.fixture
def quoted(assistant: Assistant) -> Answer:
    return assistant.ask(QUESTION)


def by(answer: Answer, **how: Any) -> Answer:
    return replace(answer, provenance=replace(answer.provenance, **how))


def test_the_last_line_says_who_wrote_and_where_text_went(quoted: Answer) -> None:
    last = to_text(quoted).splitlines()[-1]
    assert last == "Quoted from the sources by the built-in answerer · nothing left this machine"
    model = by(quoted, model="vllm:org/m@http://10.0.0.1/v1", left_machine=True, cost=0.00123)
    assert to_text(model).splitlines()[-1] == (
        "Written by m · question and passages were sent to an outside service · cost 0.0012"
    )
    assert written_by(model, ZH) == "由 m 撰写 · 问题和相关段落已发送到外部服务 · 费用 0.0012"


def test_a_models_name_moves_no_cursor(quoted: Answer) -> None:
    assert "\x1b" not in written_by(by(quoted, model="vllm:\x1b[2Jm"), EN)


def test_the_terminal_says_it_after_a_stream(
    asking: Callable[..., Assistant],  # noqa: F811
    fact: str,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving([fact]) as (address, _):
        stream_answer(asking(address, prices={"vllm:m": (1.0, 2.0)}), QUESTION, ())
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "Written by vllm:m · nothing left this machine · cost 0.0001"
    assert said.count("28.3%") == 1


@pytest.mark.parametrize("small", ["谢谢", "Hello", "Xyzzy frobnication quux?"])
def test_what_no_model_wrote_is_not_said_to_be_quoted(assistant: Assistant, small: str) -> None:
    answer = assistant.ask(small)
    assert "FirstPilot" in to_text(answer).splitlines()[-1]
