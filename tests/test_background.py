"""Background: what is told before or behind a question is told from what is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Assistant
from assistant.background import points_back, sentences_of, split_background
from assistant.frequency import WordFrequency
from assistant.lexicon import load_lexicon
from assistant.questions import BACKGROUND_WEIGHT, TOLD_WEIGHT, QuestionReader
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


@pytest.fixture(scope="module")
def reader() -> QuestionReader:
    analyser = Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml"))
    return QuestionReader(analyser, WordFrequency(analyser))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "both retire soon and the boss says it is time. has anybody done that with routes",
            "has anybody done that with routes",
        ),
        (
            "he says it is certified. is there such a thing? and what should i ask him first",
            "is there such a thing? and what should i ask him first",
        ),
        ("三家火锅店,老有人来推销ai点餐加ai排班,一年两万八,值不值啊", "值不值啊"),
        ("做外贸的,五个业务员,上半年用它写开发信,是不是一眼就看出来?", "是不是一眼就看出来?"),
        ("客服用ai,值吗", "客服用ai,值吗"),
        (
            "20人的外贸公司,用它做客服一年要花多少钱,德国有没有补贴可以申请?",
            "用它做客服一年要花多少钱, 德国有没有补贴可以申请?",
        ),
        (
            "i do not know what an agent is. list the grants for small firms in india",
            "i do not know what an agent is. list the grants for small firms in india",
        ),
    ],
)
def test_what_asks_is_found_with_and_without_its_mark(text: str, asked: str) -> None:
    assert " ".join(split_background(text)[0].split()) == asked


@given(st.text(alphabet="ab 你吗,，.。?？!", max_size=80))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    plain = " ".join(text.split())
    asked, told, *_ = split_background(plain)
    letters = sorted(char for char in plain if char.isalnum())
    assert sorted(char for char in asked + told if char.isalnum()) == letters
    assert all(map(str.strip, sentences_of(plain)[0]))


@pytest.mark.parametrize(
    ("core", "back"),
    [
        ("is that true??", True),
        ("would you do this if you were me", True),
        ("is it worth the money", True),
        ("这算不算违法", True),
        ("how many firms use ai?", False),
        ("what do those companies pay", False),
        ("这里有哪些案例", False),
        ("what do firms that use ai in customer service save?", False),
        ("what changed this year in the eu ai act?", False),
        ("is that how it goes", True),
    ],
)
def test_what_points_back_is_seen(core: str, back: bool) -> None:
    assert points_back(core) is back


def test_a_question_that_leans_is_about_what_was_told(reader: QuestionReader) -> None:
    told = "A rep sells us a chatbot for the hotel. We are nine."
    leaning = reader.read(f"{told} Is that normal?")
    alone = reader.read(f"{told} How many firms use AI in marketing?")
    assert leaning.leans
    assert not alone.leans
    weights = {item.key: item.weight for item in leaning.items}
    assert weights["@chatbot"] == TOLD_WEIGHT
    assert weights["rep"] == BACKGROUND_WEIGHT
    assert {i.key: i.weight for i in alone.items}["@chatbot"] == BACKGROUND_WEIGHT
    assert leaning.core == leaning.text.lower()
    assert not reader.read("Is that normal?").leans


def test_telling_sentences_are_looked_up_with_the_question(reader: QuestionReader) -> None:
    question = reader.read(
        "We are a hotel. The chatbot promised a guest a discount. He was furious. Is that binding?"
    )
    assert question.windows[0] == "the chatbot promised a guest a discount. is that binding?"
    assert not any("furious" in window for window in question.windows)
    assert reader.read("Is a promise of a chatbot binding?").windows == ()


@pytest.mark.parametrize(
    "text",
    [
        "俄罗斯的中小企业,特别是制造业的小公司,现在有多少在用AI?",
        "在印度,一家十人的小公司,如果想买AI工具,有政府补贴可以申请吗?",
    ],
)
def test_a_place_told_in_the_same_sentence_still_binds(assistant: Assistant, text: str) -> None:
    assert assistant.ask(text).abstained


def test_what_was_told_finds_the_answer(assistant: Assistant) -> None:
    text = (
        "My nephew moved in with us last week and the dog is sick again, so bear with me."
        " The survey said what AI costs a small firm a month. He wants to be a drummer."
        " How much was that?"
    )
    answer = assistant.ask(text)
    assert any("RMB" in citation.quote for citation in answer.citations)
    # The sentence that tells of it alone does, surer than the text as a whole.
    chain = assistant._chain
    task, decision = chain.told(chain.condense(text, ()), 8, None)
    assert "survey" in task.question.text
    assert "nephew" not in task.question.text
    whole = chain.examine(text, 8).decision
    assert decision.probability > whole.probability
