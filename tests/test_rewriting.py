"""Rewriting: what a model makes of a follow-up is taken only when it asks the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Message, Role, Settings
from assistant.calls import Calls
from assistant.prompting import load_prompt
from assistant.rewriting import Rewriter
from assistant.spending import Ledger
from tests.scripted import serving
from tests.test_backends import backend

EARLIER = "What share of SMEs use AI in customer service? In 2026, 52% did."
EARLIER_ZH = "多少中小企业在客服中使用人工智能？"


def rewritten(
    settings: Settings, tmp_path: Path, question: str, said: str, finish: str = "stop"
) -> str | None:
    history = [
        Message(role=Role.USER, content=EARLIER),
        Message(role=Role.USER, content=EARLIER_ZH),
    ]
    with serving([said], finish=finish) as (address, _):
        prompt = load_prompt(settings.prompts_dir, "condense")
        rewriter = Rewriter(backend(settings, address), prompt, Ledger(tmp_path, None))
        return rewriter.rewrite(question, history, Calls())


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("and in design?", "What share of SMEs use AI in design?"),
        ("and in design?", "“What share of SMEs use AI in design?”"),
        ("What about Germany in 2025?", "What share of SMEs in Germany used AI in 2025?"),
        ("Why is that?", "Why do SMEs use AI in customer service?"),
        ("Is 52% a lot?", "Is it a lot that 52% of SMEs use AI in customer service?"),
        ("那设计呢？", "多少中小企业在设计中使用人工智能？"),
        ("DeepSeek呢？", "多少中小企业在客服中使用DeepSeek？"),
    ],
)
def test_what_asks_the_same_is_taken(settings, tmp_path, question: str, said: str) -> None:
    assert rewritten(settings, tmp_path, question, said) == said.strip("“”")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("and in design?", "NO_ANSWER"),
        ("and in design?", "What share of SMEs use AI in customer service?"),
        ("and in design?", "What share of firms in Germany use AI in 2031?"),
        ("and in design?", "The conversation says design is 48%."),
        ("What about Germany in 2025?", "What share of SMEs in Germany used AI?"),
        ("What about Germany in 2025?", "What share of SMEs used AI in 2025?"),
        ("那设计呢？", "多少中小企业使用人工智能？"),
        ("DeepSeek呢？", "多少中小企业在客服中使用人工智能？"),
        ("那2025年呢？", "多少中小企业在客服中使用人工智能？"),
    ],
)
def test_what_asks_something_else_is_not(settings, tmp_path, question: str, said: str) -> None:
    assert rewritten(settings, tmp_path, question, said) is None


def test_what_was_cut_is_not_taken(settings, tmp_path) -> None:
    said = "What share of SMEs use AI in design"
    assert rewritten(settings, tmp_path, "and in design?", said) == said
    assert rewritten(settings, tmp_path, "and in design?", said, finish="length") is None


def test_what_does_not_fit_is_not_sent(settings, tmp_path) -> None:
    question = "and in design? " + "请告诉我更多关于设计的情况和细节。" * 200
    with serving(["x"]) as (address, script):
        prompt = load_prompt(settings.prompts_dir, "condense")
        small = backend(settings, address, context_tokens=2048)
        rewriter = Rewriter(small, prompt, Ledger(tmp_path, None))
        history = [Message(role=Role.USER, content=EARLIER)]
        assert rewriter.rewrite(question, history, Calls()) is None
    assert not script.requests
