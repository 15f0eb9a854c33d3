"""Terms: the same words, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.lexicon import ConceptClass, load_lexicon
from assistant.settings import resource_dir
from assistant.terms import Analyser, normalise


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(load_lexicon(resource_dir("knowledge") / "lexicon.yaml"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Implementing AI", "implemented ai"),
        ("２８．３％", "28.3%"),
        ("中小企業為什麼還在觀望", "中小企业为什么还在观望"),
        ("資訊安全", "信息安全"),
        ("核心業務的文件", "核心业务的文件"),
        ("12,000", "12000"),
        ("customer\u200bservice", "customer service"),
    ],
)
def test_ways_of_writing_give_the_same_terms(analyser: Analyser, one: str, other: str) -> None:
    assert analyser.terms(one) == analyser.terms(other)


@pytest.mark.parametrize("text", ["核心业务", "程序员写的文件", "停用使用智慧城市的向量"])
def test_simplified_chinese_keeps_its_words(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [("核心業務的文件", "核心业务的文件"), ("軟體使用者", "软件用户"), ("這個程式", "这个程序")],
)
def test_words_of_taiwan_become_those_of_the_mainland(text: str, words: str) -> None:
    assert normalise(text) == words


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Who runs the help desk?", "customer-service"),
        ("客服用了多少", "customer-service"),
        ("are firms in Germany using it", "place-de"),
        ("德国的企业呢", "place-de"),
        ("they haven't started", "not-started"),
        ("meeting minutes", "office-automation"),
        ("会议纪要", "office-automation"),
    ],
)
def test_paraphrases_name_the_concept(analyser: Analyser, text: str, concept: str) -> None:
    assert concept in {hit.id for hit in analyser.concepts(text)}


def test_both_languages_meet_in_the_concept(analyser: Analyser) -> None:
    assert "@customer-service" in set(analyser.terms("客服")) & set(analyser.terms("help desk"))


def test_the_longer_mention_wins(analyser: Analyser) -> None:
    outer = {hit.id for hit in analyser.outermost("office automation in retail")}
    assert "office-automation" in outer
    spans = [(hit.start, hit.end) for hit in analyser.outermost("ai search marketing")]
    assert (0, 3) in spans
    assert all(span == (0, 3) for span in spans)


def test_words_inside_a_concept_are_not_counted_again(analyser: Analyser) -> None:
    hits = analyser.outermost("customer service for florists")
    covered = {i for hit in hits for i in range(hit.start, hit.end)}
    assert analyser.words_outside("customer service for florists", covered) == [
        ("florist", "florists")
    ]


def test_a_concept_can_be_cut_out(analyser: Analyser) -> None:
    assert analyser.without_concepts("Share naming cost here", {"cost"}) == "share naming here"
    assert analyser.without_concepts("客服的渗透率", {"customer-service"}) == "的渗透率"


def test_only_specific_classes_rule_evidence_out() -> None:
    assert ConceptClass.PLACE.specific
    assert not ConceptClass.FRAME.specific
    assert not ConceptClass.ACTION.specific


@given(st.text())
def test_any_text_can_be_cut(analyser: Analyser, text: str) -> None:
    units = analyser.units(text)
    for hit in analyser.concepts(text):
        assert 0 <= hit.start < hit.end <= len(units)
    assert analyser.terms(text) == analyser.terms(text)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == normalise(normalise(once))
