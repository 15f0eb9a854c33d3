"""Clauses: a text that asks twice is taken apart, one that asks once is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.clauses import MOST_CLAUSES, by_clauses


@pytest.mark.parametrize(
    ("core", "parts"),
    [
        (
            "did the adviser make the owners richer? and did wages go up for workers with bots?",
            (
                "did the adviser make the owners richer?",
                "did wages go up for workers with bots?",
            ),
        ),
        (
            "what did the blogger have to pay and what did the online shop have to pay",
            ("what did the blogger have to pay?", "what did the online shop have to pay?"),
        ),
        (
            "two cases: how high was the fine of the gym, and how long is the ban on the shop",
            (
                "two cases: how high was the fine of the gym",
                "two cases: how long is the ban on the shop?",
            ),
        ),
        (
            "we have 20 staff. what does a licence cost? must the works council agree to it?",
            (
                "we have 20 staff, what does a licence cost?",
                "must the works council agree to it?",
            ),
        ),
        (
            "员工贴了客户资料,第一步做什么?要是在别处,几个小时之内要上报?",
            ("员工贴了客户资料, 第一步做什么?", "要是在别处, 几个小时之内要上报?"),
        ),
    ],
)
def test_each_clause_that_asks_is_a_question(core: str, parts: tuple[str, ...]) -> None:
    assert list(by_clauses(core, [], [])) == [parts]


@pytest.mark.parametrize(
    "core",
    [
        "",
        "what does it cost",
        "what does it cost, which is my worry when i think of the whole year",
        "what happens to my data if the supplier is sold to another firm",
        "we are a bakery of twelve people, what should we do first",
        "how high is the fine, and from when does it hold for small firms?",
        "how much did the bank save? and how much did the other one save in all?",
        "what did it cost? and when?",
        "最高罚多少,从哪天起?",
        "银行省了多少钱?它后来又请了多少人回来?",
        "a?" * 9,
        "how many of them are there? " * (MOST_CLAUSES + 1),
    ],
)
def test_what_asks_once_or_leans_on_what_went_before_stays_whole(core: str) -> None:
    assert list(by_clauses(core, [], [])) == []


def test_a_place_holds_until_another_is_named() -> None:
    asked = "how high is the fine in spain? how much do small firms pay? what do bakers do in peru"
    (parts,) = by_clauses(asked, ["spain", "peru"], [])
    assert [("spain" in part, "peru" in part) for part in parts] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_a_name_holds_to_the_end_of_its_sentence() -> None:
    within = "what did klarna save in a year, and how many people work in the support now"
    (parts,) = by_clauses(within, [], ["klarna"])
    assert "klarna" in parts[1]
    after = "what did klarna save in a year? how many people work in the smallest of banks?"
    (parts,) = by_clauses(after, [], ["klarna"])
    assert "klarna" not in parts[1]


@given(st.text(alphabet="ab ,.?？:;，。what多少几个吗it", max_size=80))
def test_any_text_gives_at_most_three_questions_of_its_own_words(core: str) -> None:
    for parts in by_clauses(core, [], []):
        assert 2 <= len(parts) <= MOST_CLAUSES
        assert set("".join(parts)) <= set(core) | set("?, :")
