from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import tokens


@pytest.fixture
def no_vocabulary(monkeypatch):
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    tokens._encoding.cache_clear()
    monkeypatch.setattr(tokens, "files", missing)
    yield
    tokens._encoding.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("hello world", 2), ("<|endoftext|>", 7), ("人工智能", 2), ("12345", 2)],
)
def test_counts_are_those_of_o200k(text, expected):
    assert tokens.count_tokens(text) == expected


def test_nothing_special_is_read_out_of_a_text():
    assert tokens.count_tokens("<|endofprompt|>" * 3) > 3


def test_without_vocabulary_the_count_is_an_estimate_told_once(no_vocabulary, caplog):
    text = "A small firm asks what AI costs. 小企业问AI要多少钱。"
    assert tokens.count_tokens(text) == tokens.estimate_tokens(text)
    tokens.count_tokens(text)
    assert caplog.text.count("tokens are estimated") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Late in 2024, 31% of SMEs in seven OECD countries used generative AI.",
        "2024年底，七个经合组织国家中有31%的中小企业使用生成式人工智能。",
    ],
)
def test_the_estimate_is_never_below_the_count_of_prose(text):
    assert tokens.count_tokens(text) <= tokens.estimate_tokens(text)


@given(st.text())
def test_any_text_can_be_counted(text):
    assert tokens.count_tokens(text) >= 0
    assert tokens.estimate_tokens(text) >= 0


def test_texts_fit_in_order_until_one_does_not():
    assert tokens.how_many_fit(["aa", "bbb", "c"], 4, len) == 1
    assert tokens.how_many_fit(["aa", "bb", "c"], 4, len) == 2
    assert tokens.how_many_fit([], 0, len) == 0
    assert tokens.how_many_fit(["aa"], 1, len) == 0
