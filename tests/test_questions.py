"""Questions: what they name, what kind of answer they expect, and what is small talk."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.background import split_background
from assistant.figures import FigureKind
from assistant.frequency import WordFrequency
from assistant.lexicon import load_lexicon
from assistant.questions import (
    BACKGROUND_WEIGHT,
    Expect,
    Intent,
    Question,
    QuestionReader,
)
from assistant.schema import Language
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


@pytest.fixture(scope="module")
def reader() -> QuestionReader:
    analyser = Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml"))
    return QuestionReader(analyser, WordFrequency(analyser))


def keys(question: Question) -> set[str]:
    return {item.key for item in question.items}


@pytest.mark.parametrize(
    ("text", "expects"),
    [
        ("How many SMEs use AI?", Expect.SHARE),
        ("what's the penetration in office automation", Expect.SHARE),
        ("有多少企业用上了AI", Expect.SHARE),
        ("客服的渗透率是多少", Expect.SHARE),
        ("talent shortage share", Expect.SHARE),
        ("别人用AI做客服的比例？", Expect.SHARE),
        ("Can I share a document with a chatbot", Expect.FACT),
        ("What does AI cost?", Expect.MONEY),
        ("要花多少钱", Expect.MONEY),
        ("How much did labour cost fall?", Expect.FIGURE),
        ("成本降了多少", Expect.FIGURE),
        ("How long does it take?", Expect.DURATION),
        ("多久见效", Expect.DURATION),
        ("Why have firms not started?", Expect.REASONS),
        ("中小企业为什么还在观望", Expect.REASONS),
        ("Where should we start?", Expect.STEPS),
        ("第一步怎么做", Expect.STEPS),
        ("customer service vs design", Expect.COMPARISON),
        ("客服和设计哪个更高", Expect.COMPARISON),
        ("Which scenarios are there? List them", Expect.LIST),
        ("有哪些应用场景", Expect.LIST),
        ("When did the law take effect?", Expect.WHEN),
        ("Who wrote the report?", Expect.WHO),
        ("Tell me about the retail chain", Expect.OVERVIEW),
        ("介绍一下翻译平台", Expect.OVERVIEW),
        ("Is AI useful for bakeries", Expect.FACT),
        ("", Expect.FACT),
    ],
)
def test_the_kind_of_answer_expected(reader: QuestionReader, text: str, expects: Expect) -> None:
    assert reader.read(text).expects is expects


@pytest.mark.parametrize(
    ("intent", "texts"),
    [
        (Intent.GREETING, ["hello", "Hi there!", "你好", "您好！", "good morning", "早上好"]),
        (
            Intent.THANKS,
            ["thanks", "Thank you so much!", "ok, thanks", "谢谢", "谢谢你的帮助", "好的谢谢"],
        ),
        (
            Intent.THANKS,
            ["ok", "Okay.", "great!", "got it", "好的", "明白了", "知道了", "收到", "嗯嗯"],
        ),
        (Intent.FAREWELL, ["bye", "Goodbye!", "再见", "拜拜"]),
        (
            Intent.ABILITY,
            [
                "what can you do?",
                "who are you",
                "are you a bot",
                "help",
                "你能做什么",
                "你是谁",
                "how does it work",
                "are you a scam",
                "你是不是骗子?",
                "你们是不是骗钱的",
            ],
        ),
        (
            Intent.DOUBT,
            [
                "You are just a useless bot copying other people's words, admit it",
                "You are just another bot that will get us all fired, why should I trust you",
                "Can we trust your answers?",
                "who pays you",
                "you are stupid",
                "how do i know you are not lying",
                "凭什么相信你",
                "什么破机器人",
                "你们这些东西除了骗老板钱还会干啥,垃圾",
            ],
        ),
        (
            Intent.QUESTION,
            [
                "would you recommend a bot for my shop",
                "can the machine operator use AI",
                "客服机器人是不是骗人的",
                "怎么防AI骗子",
                "can we trust you with customer data",
                "should we trust ChatGPT with our files",
                "how do we know that AI is right",
                "客服机器人答的全是废话怎么办",
                "AI客服靠谱吗",
                "You are useless. How many small firms use AI?",
                "why should we trust this vendor with our customer data?",
                "why should i believe this survey on AI adoption",
                "Can we trust U.S. AI vendors with customer data?",
                "what can we do when the data you are given is garbage?",
                "who owns this chat data?",
                "how do I know you are right about customer service costs?",
                "你们机器人能识别垃圾邮件吗",
                "你们AI能防诈骗吗",
                "垃圾机器人多少钱",
                "为什么要相信你们这些AI产品的数据",
            ],
        ),
        (Intent.QUESTION, ["", "why?", "cost", "thanks, and what does it cost?", "谢谢，成本呢？"]),
        (Intent.QUESTION, ["how does it work in customer service?", "hi, what does AI cost?"]),
        (
            Intent.QUESTION,
            [
                "what do you know about retail?",
                "good customer service",
                "量子计算能帮我吗",
                "okay rate?",
            ],
        ),
    ],
)
def test_small_talk_is_told_from_questions(reader, intent: Intent, texts: list[str]) -> None:
    assert {text: reader.read(text).intent for text in texts} == dict.fromkeys(texts, intent)


def test_concepts_cover_their_words(reader: QuestionReader) -> None:
    question = reader.read("How many florists use AI in customer service in Germany?")
    assert {"@customer-service", "@place-de", "florist"} <= keys(question)
    assert not {"custom", "servic", "germani"} & keys(question)
    assert {"@customer-service", "@place-de"} <= keys(reader.read("德国企业的客服用了多少AI"))


def test_ordinary_words_say_less(reader: QuestionReader) -> None:
    weights = {item.key: item.weight for item in reader.read("put florists first").items}
    assert weights["put"] < weights["florist"] == 1.0


def test_asserted_figures_are_told_from_the_askers_own(reader: QuestionReader) -> None:
    question = reader.read("We are 15 people. Is it true that 45% have scaled AI in 2026?")
    assert [(f.kind, float(f.low)) for f in question.figures] == [(FigureKind.PERCENT, 45.0)]
    assert question.years == (2026,)
    assert "45" not in " ".join(keys(question))


def test_the_language_is_the_askers(reader: QuestionReader) -> None:
    assert reader.read("What does 客服 mean here?").language is Language.EN
    assert reader.read("AI chatbot 多少钱").language is Language.ZH
    assert reader.read("企業 AI 滲透率").language is Language.ZH


@pytest.mark.parametrize("text", ["explain in detail", "详细说说客服", "tell me more about cost"])
def test_a_longer_answer_can_be_asked_for(reader: QuestionReader, text: str) -> None:
    assert reader.read(text).wants_more
    assert not reader.read("what does it cost").wants_more


@pytest.mark.parametrize(
    ("text", "core", "told"),
    [
        ("We sell bread. What does AI cost?", "What does AI cost?", "We sell bread."),
        (
            "i run a small bakery and want to know where to start",
            "want to know where to start",
            "bakery",
        ),
        ("我开了一家面馆，从哪里开始？", "从哪里开始？", "面馆"),
        ("What does AI cost?", "What does AI cost?", ""),
        ("cost", "cost", ""),
        ("", "", ""),
    ],
)
def test_what_is_told_is_set_apart_from_what_is_asked(text: str, core: str, told: str) -> None:
    asked, beside, *_ = split_background(text)
    assert asked.strip() == core
    assert told in beside


def test_what_is_told_decides_nothing(reader: QuestionReader) -> None:
    items = {i.key: i for i in reader.read("We are a retail shop. What does AI cost?").items}
    assert items["@cost"].cls is not None
    assert items["@retail"].cls is None
    assert items["@retail"].weight == BACKGROUND_WEIGHT


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_can_be_read(reader: QuestionReader, text: str) -> None:
    assert reader.read(text) == reader.read(text)


@pytest.mark.parametrize(
    "text", ["\udcff", "?" * 500, "a" * 4000, "的" * 500, "1" * 500, "(" * 300]
)
def test_odd_texts_are_read_quickly(reader: QuestionReader, text: str) -> None:
    assert reader.read(text).text == text


def test_each_part_of_a_question_comes_after_what_was_told(reader: QuestionReader) -> None:
    told = "My broker says the policy leaves out mistakes of AI"
    question = reader.read(f"{told}. Is that normal now and what should I look for in the renewal?")
    assert question.divisions == (
        (
            f"{told.lower()}. is that normal now?",
            f"{told.lower()}. what should i look for in the renewal?",
        ),
    )
    alone = reader.read("Is that normal now and what should I look for in the renewal?")
    assert alone.divisions == (("is that normal now?", "what should i look for in the renewal?"),)


@pytest.mark.parametrize(
    ("text", "key", "typed"),
    [
        ("Is a DPIA  needed for ChatGPT?", "@chatgpt", "ChatGPT"),
        ("any grants in germany?", "@place-de", "Germany"),
        ("What do Germany's florists use?", "@place-de", "Germany"),
        ("what do florists in the uk use", "@place-gb", "uk"),
        ("台灣的花店用AI嗎", "@place-tw", "台湾"),
    ],
)
def test_a_thing_is_told_as_the_asker_wrote_it(
    reader: QuestionReader, text: str, key: str, typed: str
) -> None:
    question = reader.read(text)
    assert [question.as_typed(item) for item in question.items if item.key == key] == [typed]


@given(st.text(max_size=60))
def test_whatever_is_asked_can_be_told_of(reader: QuestionReader, text: str) -> None:
    question = reader.read(text)
    for item in question.items:
        assert question.as_typed(item)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("We have a 2009-era ERP, what did firms spend on AI in 2024?", (2024,)),
        ("Does it run on Windows Server 2012", ()),
        ("私有化部署要多少钱,服务器是2019年的", ()),
        ("2019年的服务器", (2019,)),
        ("AI采用率,这个比例是2024年的吗", (2024,)),
        ("our office 2024 budget for AI", (2024,)),
        ("2031年有多少中小企业用AI", (2031,)),
    ],
)
def test_the_year_of_a_thing_is_not_asked_about(
    reader: QuestionReader, text: str, years: tuple[int, ...]
) -> None:
    assert reader.read(text).years == years
