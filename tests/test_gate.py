"""The gate: what the knowledge base does not answer is not answered, with a reason."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from assistant import Assistant, Settings, build_index
from assistant.chain import Task
from assistant.corpus import load_corpus
from assistant.gate import (
    CALIBRATIONS,
    THRESHOLD,
    Basis,
    Decision,
    Features,
    _basis,
    calibrated,
)
from assistant.refusal import Reason
from evals.train_ranking import SPEAK_AGAINST


def decide(assistant: Assistant, text: str) -> Decision:
    chain = assistant._chain
    question = chain.condense(text, [])
    passages = chain.retrieve(question.text, 8, None)
    return chain.decide(Task(question=question, passages=passages))


@pytest.mark.parametrize(
    ("text", "reason", "missing"),
    [
        ("What share of SMEs in Germany use AI?", Reason.PLACE, "Germany"),
        ("德国有多少中小企业用AI", Reason.PLACE, "德国"),
        ("印尼有多少中小企业用AI", Reason.PLACE, "印尼"),
        ("What share of SMEs in Ohio use AI?", Reason.PLACE, "Ohio"),
        ("What share of SMEs had AI in 2031?", Reason.YEAR, "2031"),
        ("2031年有多少中小企业用AI", Reason.YEAR, "2031"),
        ("How much did Lufthansa save with AI?", Reason.MISSING, "Lufthansa"),
        ("京东用AI省了多少", Reason.MISSING, "京东"),
    ],
)
def test_another_place_year_or_name_is_a_reason_of_its_own(
    assistant: Assistant, text: str, reason: Reason, missing: str
) -> None:
    decision = decide(assistant, text)
    assert not decision.answerable
    assert decision.reason is reason
    assert missing in decision.missing


@pytest.mark.parametrize("text", ["How many SMEs use AI?", "AI一个月要花多少钱"])
def test_passages_of_an_index_that_was_replaced_are_weighed_the_same(
    assistant: Assistant, monkeypatch, text: str
) -> None:
    before = decide(assistant, text)
    monkeypatch.setattr(assistant._chain._gate, "_listed_terms", lambda chunk: None)
    assert decide(assistant, text) == before


@pytest.mark.parametrize(
    "text",
    [
        "how do i bake sourdough bread",
        "who won the football match",
        "今天天气怎么样啊朋友",
        "红烧肉怎么做",
        "zxqv plonk",
    ],
)
def test_what_is_far_from_everything_is_refused(assistant: Assistant, text: str) -> None:
    decision = decide(assistant, text)
    assert not decision.answerable
    assert decision.reason is not None
    assert decision.probability < THRESHOLD


@pytest.mark.parametrize(
    "text",
    [
        "How many SMEs use AI?",
        "customer service vs design",
        "为什么很多企业还没启动AI",
        "where do we start with ai",
        "成本",
        "reasons?",
    ],
)
def test_what_is_there_is_let_through(assistant: Assistant, text: str) -> None:
    decision = decide(assistant, text)
    assert decision.answerable
    assert decision.reason is None
    assert decision.missing == ()


@pytest.mark.parametrize("basis", Basis)
def test_each_feature_has_a_weight_of_the_sign_its_meaning_gives(basis: Basis) -> None:
    for field in fields(Features):
        weight = getattr(CALIBRATIONS[basis].weights, field.name)
        assert weight <= 0 if field.name in SPEAK_AGAINST else weight >= 0


def test_each_feature_is_weighed_somewhere() -> None:
    for field in fields(Features):
        assert any(getattr(known.weights, field.name) for known in CALIBRATIONS.values())


def test_the_probability_is_one_and_grows_with_likeness() -> None:
    plain = dict.fromkeys((field.name for field in fields(Features)), 0.0)
    seen = [Features(**plain | {"match": match}) for match in (0.0, 0.5, 1.0)]
    for basis in Basis:
        values = [calibrated(features, basis) for features in seen]
        assert values == sorted(values)
        assert all(0.0 < value < 1.0 for value in values)


@pytest.fixture(scope="module")
def by_words(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """One without an embedder."""
    folder = tmp_path_factory.mktemp("words")
    words = settings.model_copy(update={"embedder": "none", "data_dir": folder})
    build_index(words)
    return Assistant.from_settings(words)


@pytest.mark.parametrize(
    "text", ["how do i bake sourdough bread", "zxqv plonk", "which horse wins on sunday"]
)
def test_without_an_embedder_words_alone_refuse(by_words: Assistant, text: str) -> None:
    assert not decide(by_words, text).answerable


def test_documents_in_another_language_are_weighed_by_likeness_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    held = load_corpus(settings.knowledge_dir)
    documents = [d for d in held if d.info.id in {"sme-ai-report-2026.en", "running-costs.en"}]
    (tmp_path / "index").mkdir()
    english = Assistant.from_documents(documents, tmp_path / "index", settings)
    seen = english.examine("中小企业不启动AI的主要原因是什么？")
    basis = _basis(seen.question, seen.candidates[0], seen.passages, learned=True)
    assert basis is Basis.FOREIGN
    assert seen.decision.answerable
    assert not english.examine("红烧肉怎么做").decision.answerable
    plain = _basis(seen.question, seen.candidates[0], seen.passages, learned=False)
    assert plain is Basis.LISTED


def test_one_passage_is_enough_for_a_question_about_two_places(settings: Settings) -> None:
    settings = settings.model_copy(update={"passages": 1})
    assert Assistant.from_settings(settings).ask("SMEs with AI in China and in Spain?").text
