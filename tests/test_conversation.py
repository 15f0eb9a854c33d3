"""Follow-ups: what borrows from the question before, what stands alone, and small talk between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation import Condenser
from assistant.frequency import WordFrequency
from assistant.lexicon import load_lexicon
from assistant.questions import Intent, QuestionReader
from assistant.schema import Message, Role
from assistant.spelling import Speller
from assistant.terms import Analyser
from tests.support import KNOWLEDGE

Ask = Callable[..., str]
SERVICE = "What is the AI penetration in customer service?"
KEFU = "客服的AI渗透率是多少？"


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml"))


@pytest.fixture(scope="module")
def reader(analyser: Analyser) -> QuestionReader:
    return QuestionReader(analyser, WordFrequency(analyser))


@pytest.fixture(scope="module")
def ask(analyser: Analyser, reader: QuestionReader) -> Ask:
    lexicon = load_lexicon(KNOWLEDGE / "lexicon.yaml")
    speller = Speller(lexicon, analyser, WordFrequency(analyser))
    condenser = Condenser(reader, analyser, speller)

    def condense(*questions: str) -> str:
        history = []
        for question in questions[:-1]:
            history.append(Message(role=Role.USER, content=question))
            history.append(Message(role=Role.ASSISTANT, content="Germany retail 85%. [1]"))
        return condenser.condense(questions[-1], history)

    return condense


def concepts(analyser: Analyser, text: str) -> set[str]:
    return {hit.id for hit in analyser.concepts(text)}


@pytest.mark.parametrize(
    "question", [SERVICE, KEFU, "thanks", "and why?", "它呢", "What about WeChat?"]
)
def test_without_history_a_question_comes_back(ask: Ask, question: str) -> None:
    assert ask(question) == question


@pytest.mark.parametrize("before", [SERVICE, KEFU])
@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("thanks", Intent.THANKS),
        ("Thank you, very helpful!", Intent.THANKS),
        ("ok", Intent.THANKS),
        ("great", Intent.THANKS),
        ("谢谢", Intent.THANKS),
        ("好的", Intent.THANKS),
        ("hello", Intent.GREETING),
        ("你好", Intent.GREETING),
        ("bye", Intent.FAREWELL),
        ("再见", Intent.FAREWELL),
        ("what can you do?", Intent.ABILITY),
        ("你能做什么", Intent.ABILITY),
    ],
)
def test_small_talk_stays_small_talk(ask, reader, before: str, typed: str, intent: Intent) -> None:
    assert ask(before, typed) == typed
    assert reader.read(ask(before, typed)).intent is intent


def test_small_talk_between_is_passed_over(ask: Ask) -> None:
    follow_up = "what about design?"
    assert ask(SERVICE, "thanks", follow_up) == ask(SERVICE, follow_up)
    assert ask("hello", "hi", SERVICE) == SERVICE
    assert ask("你好", "那成本呢") == ask("那成本呢")


@pytest.mark.parametrize(
    "question",
    [
        "How many SMEs use AI?",
        "What are the barriers that keep SMEs from AI?",
        "How much does a chatbot cost?",
        "And how much does a chatbot cost?",
        "How much does a chatbot cost for its users?",
        "When a bakery adopts AI, does it save money?",
        "What is RAG?",
        "what is a chatbot?",
        "what is the weather today",
        "tell me about the translation platform",
        "So how many small firms use AI?",
        "Do banks use machine translation?",
        "who is the president of France",
        "有多少中小企业在用AI？",
        "那聊天机器人要多少钱",
        "那办公自动化的渗透率是多少",
        "什么是RAG",
        "今天天气怎么样",
        "中小企业应该怎么开始用AI",
        "介绍一下翻译平台",
    ],
)
def test_a_question_with_its_own_subject_does_not_borrow(ask: Ask, question: str) -> None:
    for before in (SERVICE, KEFU, "Which barriers do retailers in Germany name?"):
        assert ask(before, question) == question


@pytest.mark.parametrize(
    ("typed", "borrowed", "left"),
    [
        ("why?", {"customer-service"}, set()),
        ("how much does it cost?", {"customer-service", "cost"}, set()),
        ("What is the cost?", {"customer-service", "cost"}, set()),
        ("and in Germany?", {"customer-service", "place-de"}, set()),
        ("Germany?", {"customer-service", "place-de"}, set()),
        ("what about design?", {"design-content"}, {"customer-service"}),
        ("how long does that take?", {"customer-service", "duration"}, set()),
        ("what share of them are in retail?", {"customer-service", "retail"}, set()),
        ("where should we start?", {"customer-service"}, set()),
        ("what are the risks?", {"customer-service", "uncertainty"}, set()),
        ("有什么风险", {"customer-service", "uncertainty"}, set()),
        ("那成本呢", {"customer-service", "cost"}, set()),
        ("德国呢", {"customer-service", "place-de"}, set()),
        ("那设计呢？", {"design-content"}, {"customer-service"}),
        ("其中有多少在德国", {"customer-service", "place-de"}, set()),
        ("它要多少钱", {"customer-service", "cost"}, set()),
        ("应该怎么开始", {"customer-service"}, set()),
    ],
)
def test_a_follow_up_borrows(ask, analyser, typed: str, borrowed: set[str], left: set[str]) -> None:
    for before in (SERVICE, KEFU):
        found = concepts(analyser, ask(before, typed))
        assert borrowed <= found
        assert not left & found


def test_a_chain_of_follow_ups(ask, analyser) -> None:
    found = concepts(analyser, ask(SERVICE, "what about design?", "and in Germany?"))
    assert {"design-content", "place-de"} <= found
    assert "customer-service" not in found


def test_slips_are_mended_on_the_way(ask: Ask) -> None:
    assert "customer service" in ask("custmer service penetraton?", "and in Germany?")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_any_conversation_is_survived(ask: Ask, questions: list[str]) -> None:
    assert ask(*questions) == ask(*questions)
