"""Coordination: what names two or three places or firms is asked about each of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Assistant
from assistant.coordination import MOST_PARTS, Division, Named, alternatives, divisions


def named(*texts: str, kind: str = "place") -> list[Named]:
    return [Named(text, kind) for text in texts]


@pytest.mark.parametrize(
    ("core", "names", "parts"),
    [
        (
            "how many firms in spain and in italy use ai?",
            named("spain", "italy"),
            ("how many firms in spain use ai?", "how many firms in italy use ai?"),
        ),
        (
            "what happened at taco bell and klarna",
            named("bell", "taco", "klarna", kind="organisation"),
            ("what happened at taco bell", "what happened at klarna"),
        ),
        ("加拿大和英国各占多少", named("加拿大", "英国"), ("加拿大占多少", "英国占多少")),
        (
            "what did klarna and dukaan both save, respectively?",
            named("klarna", "dukaan", kind="organisation"),
            ("what did klarna save?", "what did dukaan save?"),
        ),
        (
            "compare ai use in spain and peru",
            named("spain", "peru"),
            ("ai use in spain", "ai use in peru"),
        ),
        ("对比一下西班牙和秘鲁", named("西班牙", "秘鲁"), ("西班牙", "秘鲁")),
        (
            "how do spain and peru compare with each other?",
            named("spain", "peru"),
            ("how do spain compare with each other?", "how do peru compare with each other?"),
        ),
        (
            "西班牙和秘鲁有什么分别",
            named("西班牙", "秘鲁"),
            ("西班牙有什么分别", "秘鲁有什么分别"),
        ),
        ("西班牙和秘鲁分别是多少", named("西班牙", "秘鲁"), ("西班牙是多少", "秘鲁是多少")),
        ("各国里西班牙和秘鲁", named("西班牙", "秘鲁"), ("各国里西班牙", "各国里秘鲁")),
        (
            "spain, italy or peru?",
            named("spain", "italy", "peru"),
            ("spain?", "italy?", "peru?"),
        ),
        (
            "share of uk shops with ai vs share of us banks with ai, official",
            named("uk", "us"),
            ("share of uk shops with ai, official", "share of us banks with ai, official"),
        ),
        (
            "三星泄密和赛门删库,各出了什么事",
            named("三星", "赛门", kind="organisation"),
            ("三星泄密,出了什么事", "赛门删库,出了什么事"),
        ),
        (
            "how high is the fine in spain, and from when does the rule hold in peru?",
            named("spain", "peru"),
            ("how high is the fine in spain", "from when does the rule hold in peru?"),
        ),
        (
            "西班牙最高罚多少?秘鲁从哪天起施行?",
            named("西班牙", "秘鲁"),
            ("西班牙最高罚多少?", "秘鲁从哪天起施行?"),
        ),
        (
            "writing and coding: how much time does ai save for each?",
            [],
            (
                "writing: how much time does ai save ?",
                "coding: how much time does ai save ?",
            ),
        ),
        ("写作实验和编程实验,ai分别快多少", [], ("写作实验,ai快多少", "编程实验,ai快多少")),
    ],
)
def test_a_question_is_taken_apart(core: str, names: list[Named], parts: Division) -> None:
    assert parts in divisions(core, names)
    assert all(2 <= len(way) <= MOST_PARTS for way in divisions(core, names))


@pytest.mark.parametrize(
    ("core", "names"),
    [
        ("italian firms that export to spain", named("italian", "spain")),
        ("we export to spain, which tool knows spanish or peruvian", named("spain", "peru")),
        ("is spain nice? and italy", named("spain", "italy")),
        ("what is the fine, and from when does it hold in spain?", named("spain")),
        ("is it so in spain, and how much does it cost in spain?", named("spain")),
        ("marketing and sales, what helps?", []),
        ("spain and spain", named("spain")),
        ("spain", named("spain")),
        ("nothing", []),
        ("klarna and spain", [*named("spain"), *named("klarna", kind="organisation")]),
        ("spain and " + "very " * 20 + "sunny italy", named("spain", "italy")),
        ("a, b, c and d", named(*"abcd")),
        ("spaniards and italy", named("spain", "italy")),
    ],
)
def test_one_question_stays_one(core: str, names: list[Named]) -> None:
    assert divisions(core, names) == ()


def test_names_that_overlap_are_one() -> None:
    names = named("south", "south korea", "japan")
    assert divisions("south korea and japan", names) == (("south korea", "japan"),)


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=8), max_size=4))
def test_any_text_is_taken_apart_or_left(core: str, names: list[str]) -> None:
    for way in divisions(core, named(*names)):
        assert len(set(way)) == len(way) >= 2


@pytest.mark.parametrize("text", ["(a) and [b]", "a.*b and c+", "\\d and \\w"])
def test_a_name_is_no_pattern(text: str) -> None:
    assert divisions("nothing of it", named(*text.split(" and "))) == ()


def test_two_questions_are_both_answered(assistant: Assistant) -> None:
    answer = assistant.ask(
        "How far did the marketing ROI of the translation platform rise? And by how much did the "
        "annual revenue of the retail chain's flagship store grow?"
    )
    assert answer.text.count("\n- ") + answer.text.startswith("- ") == 2
    assert "8.7" in answer.text
    assert len({citation.marker for citation in answer.citations}) == 2


def test_both_are_answered_or_it_is_one_question(assistant: Assistant) -> None:
    both = assistant.ask("What did the retail chain and the B2B platform do with AI?")
    assert both.citations
    one = assistant.ask("How many firms in Peru and in Chile use AI?")
    assert not one.citations
    assert "one at a time" in one.text
    assert "one at a time" not in assistant.ask("How many firms in Peru use AI?").text


def test_a_passage_is_told_to_one_part_alone(assistant: Assistant) -> None:
    question = assistant._chain.condense(
        "How far did the marketing ROI of the translation platform rise? And by how much did the "
        "annual revenue of the retail chain's flagship store grow?",
        (),
    )
    joined = assistant._chain.joined(question, 6, None)
    assert joined is not None
    task, decision = joined
    told = [number for part in task.parts for number in part.passages]
    assert sorted(told) == [passage.rank for passage in task.passages]
    assert decision.answerable
    assert all(part.passages for part in task.parts)


@pytest.mark.parametrize(
    ("core", "things", "beside"),
    [
        (
            "which suits a small accounting practice, chatgpt team, claude or copilot, and why?",
            [*named("accounting", kind="work"), *named("chatgpt", "claude", "copilot")],
            ("chatgpt", "claude", "copilot"),
        ),
        (
            "compare claude vs mistral for 25 users in two offices, price and place",
            named("claude", "mistral", "price"),
            ("claude", "mistral"),
        ),
        ("客服和设计哪个用得多", named("客服", "设计"), ("客服", "设计")),
        ("does claude cost more? mistral too?", named("claude", "mistral"), ("claude",)),
        (
            "compare claude and mistral for customer service, marketing and hr",
            [*named("claude", "mistral"), *named("customer service", "marketing", "hr", kind="w")],
            ("claude", "mistral"),
        ),
        ("nothing is named", [], ()),
    ],
)
def test_what_is_set_side_by_side_is_told_from_what_is_named_beside(
    core: str, things: list[Named], beside: tuple[str, ...]
) -> None:
    assert alternatives(core, things) == beside
