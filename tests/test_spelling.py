"""Spelling: slips are mended, correct words come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.frequency import WordFrequency
from assistant.lexicon import load_lexicon
from assistant.spelling import Speller
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


@pytest.fixture(scope="module")
def speller() -> Speller:
    lexicon = load_lexicon(KNOWLEDGE / "lexicon.yaml")
    analyser = Analyser(lexicon)
    return Speller(lexicon, analyser, WordFrequency(analyser))


@pytest.mark.parametrize(
    "text",
    [
        # British spellings
        "how do we optimise the colour of our organisation",
        "organisation behaviour centre programme labour favour analyse licence catalogue",
        "realise recognise prioritise digitise defence sceptical modelling fulfil ageing sceptic",
        # names and abbreviations
        "What about WeChat?",
        "Gradio app",
        "who is Zhang Wei at SenseTime",
        "OECD KPMG SENSETIME BAIDU Alibaba Tencent DeepSeek Qwen Kimi",
        "can wechat, gradio, chroma or replit help us",
        "is xero or kimi or grok any good for our erp and crm",
        "do claude, copilot, gemini, notion, figma, canva and zapier cost much",
        "tencent alibaba baidu huawei bytedance deepseek midjourney shopify hubspot zendesk",
        # words newer than the dictionary
        "how does ecommerce work, and reskilling, and genai startups",
        "we cant, dont and wont wait",
        # Chinese that only sounds like something else
        "业务流程怎么改",
        "他们所在的国家",
        "哪些企业再用一年",
        "核心业务是什么",
        "2024 年新加坡的服务企业",
        "三星员工输入了机密",
        "六月升级，自己打开读一遍",
        "有什么共同点，两名咨询顾问",
        "怎样衡量自己的省时",
        "今天天气怎么样",
    ],
)
def test_correct_words_stay(speller: Speller, text: str) -> None:
    assert speller.correct(text) == text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("custmer service penetraton", "customer service penetration"),
        (
            "artifical inteligence in ofice automation",
            "artificial intelligence in office automation",
        ),
        ("how mcuh does it cost", "how much does it cost"),
        ("waht is teh adopton rate", "what is the adoption rate"),
        ("hwo to strat", "how to start"),
        ("wich barriors stop us", "which barriers stop us"),
        ("tranlation platform reveune", "translation platform revenue"),
        ("Custmer service", "Customer service"),
        ("WHAT IS THE ADOPTON RATE", "WHAT IS THE ADOPTION RATE"),
        ("客服的渗透律", "客服的渗透率"),
        ("中小起业", "中小企业"),
    ],
)
def test_slips_are_mended(speller: Speller, typed: str, meant: str) -> None:
    assert speller.correct(typed) == meant


@pytest.mark.parametrize(
    "text", ["", "  ", "ai", "smb", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\udcff成本"]
)
def test_odd_texts_come_back(speller: Speller, text: str) -> None:
    assert speller.correct(text) == text


def test_every_word_of_the_lexicon_is_correct(speller: Speller) -> None:
    for concept in load_lexicon(KNOWLEDGE / "lexicon.yaml").concepts.values():
        for phrase in (*concept.english, *concept.chinese):
            assert speller.correct(phrase) == phrase


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_correcting_twice_changes_nothing_more(speller: Speller, text: str) -> None:
    once = speller.correct(text)
    assert speller.correct(once) == once
