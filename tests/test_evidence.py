"""Evidence: every sentence a candidate, the one that answers first, the same each time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from assistant.evidence import EvidenceRanker, class_weight, item_weights
from assistant.frequency import WordFrequency
from assistant.lexicon import ConceptClass, load_lexicon
from assistant.prompting import Excerpt
from assistant.questions import Item, Question, QuestionReader
from assistant.schema import Language
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml"))


@pytest.fixture(scope="module")
def reader(analyser: Analyser) -> QuestionReader:
    return QuestionReader(analyser, WordFrequency(analyser))


@pytest.fixture(scope="module")
def ranker(analyser: Analyser) -> EvidenceRanker:
    return EvidenceRanker(analyser, None)


def excerpt(text: str, **fields) -> Excerpt:
    made = Excerpt(
        title="Report",
        section="Use",
        language=Language.EN,
        publisher="OECD",
        published="2025",
        grade="survey",
        geography="OECD",
        population="SMEs",
        text=text,
    )
    return replace(made, **fields)


TEXT = (
    "Talent is short in 43% of firms. Customer service stands at 52%.\n\n"
    "- Costs fell.\n- It took six weeks in 2024.\n\nThe report does not state the revenue."
)


def test_every_sentence_is_a_candidate_in_its_own_words(reader, ranker) -> None:
    found = ranker.rank(reader.read("What does AI cost?"), [excerpt(TEXT), excerpt("Two. Three.")])
    assert len(found) == 7
    assert all(c.text in (TEXT, "Two. Three.")[c.marker - 1] for c in found)
    assert sorted((c.marker, c.order) for c in found) == [
        *((1, n) for n in range(5)),
        *((2, n) for n in range(2)),
    ]
    scores = [c.score for c in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How common is AI in customer service?", "Customer service"),
        ("客服的渗透率是多少", "Customer service"),
        ("Is talent a barrier?", "Talent"),
        ("How long did it take?", "It took"),
        ("When was it?", "It took"),
    ],
)
def test_the_sentence_that_answers_is_first(reader, ranker, question: str, first: str) -> None:
    assert ranker.rank(reader.read(question), [excerpt(TEXT)])[0].text.startswith(first)


def test_the_same_question_gives_the_same_order(reader, analyser) -> None:
    question, excerpts = reader.read("What does AI cost?"), [excerpt(TEXT), excerpt(TEXT[::-1])]
    first = EvidenceRanker(analyser, None).rank(question, excerpts)
    assert first == EvidenceRanker(analyser, None).rank(question, list(excerpts))


@pytest.mark.parametrize("text", ["", "\n\n", "---", "12.5 %", "# ", "\udcff"])
def test_nothing_to_quote_gives_nothing(reader, ranker, text: str) -> None:
    assert ranker.rank(reader.read("cost"), [excerpt(text)]) == []
    assert ranker.rank(reader.read("cost"), []) == []


def test_what_is_missing_is_what_neither_sentence_nor_heading_names(reader, ranker) -> None:
    question = reader.read("customer service in Germany")
    (plain,) = ranker.rank(question, [excerpt("Customer service stands at 52%.")])
    assert [item.key for item in plain.missing] == ["@place-de"]
    (headed,) = ranker.rank(question, [excerpt("It stands at 52%.", section="Help desks")])
    assert [item.key for item in headed.missing] == ["@place-de"]
    (placed,) = ranker.rank(question, [excerpt("Help desks: 52%.", geography="Germany")])
    assert placed.missing == ()
    assert placed.context == pytest.approx(1.0)
    assert 0 < placed.coverage < 1


@pytest.mark.parametrize(
    ("question", "text", "fits"),
    [
        ("How many SMEs use AI?", "28.3% of SMEs use AI.", 1.0),
        ("How many SMEs use AI?", "SMEs use AI.", 0.0),
        ("What does it cost?", "It costs $20 a month.", 1.0),
        ("What does it cost?", "Costs fell by 20%.", 0.5),
        ("What does it cost?", "It helps.", 0.0),
        ("How long does it take?", "It takes six weeks.", 1.0),
        ("要多久", "需要三个月。", 1.0),
        ("When did it begin?", "It began in 2024.", 1.0),
        ("When did it begin?", "It began slowly.", 0.0),
    ],
)
def test_how_far_a_sentence_is_of_the_kind_expected(reader, ranker, question, text, fits) -> None:
    language = Language.ZH if text[0] > "z" else Language.EN
    (found,) = ranker.rank(reader.read(question), [excerpt(text, language=language)])
    assert found.fits == fits


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("The report does not state the revenue.", True),
        ("The sample size is not disclosed.", True),
        ("文中没有说明样本量。", True),
        ("资料未披露金额。", True),
        ("Firms do not use AI.", False),
        ("Half of firms have not started.", False),
        ("企业没有启动 AI。", False),
    ],
)
def test_what_is_not_stated_is_noticed(reader, ranker, text: str, silent: bool) -> None:
    (found,) = ranker.rank(reader.read("revenue"), [excerpt(text)])
    assert found.not_stated is silent


def test_between_equals_the_better_source_goes_first(reader, ranker) -> None:
    question, text = reader.read("How many SMEs use AI?"), "28.3% of SMEs use AI."

    def score(**fields) -> float:
        (found,) = ranker.rank(question, [excerpt(text, **fields)])
        return float(found.score)

    assert score(grade="official-statistic") > score(grade="survey") > score(grade="ai-generated")
    assert score(published="2026-01-01") > score(published="2020")
    assert score() > score(language=Language.ZH)
    first, second = ranker.rank(question, [excerpt(text), excerpt(text)])
    assert (first.marker, second.marker) == (1, 2)


def test_a_passage_that_lists_the_question_is_preferred(reader, ranker) -> None:
    question = reader.read("How many SMEs use AI?")
    texts = [excerpt("28% of SMEs use AI.", match=m) for m in (0.80, 0.95, 0.82)]
    found = ranker.rank(question, texts)
    assert found[0].marker == 2
    assert found[0].near == 1.0
    assert {c.near for c in found[1:]} == {0.0}


class Vectors:
    """Gives texts that begin alike the same vector."""

    def embed_queries(self, texts: list[str]) -> list[Any]:
        return [self._one(text) for text in texts]

    def array(self, texts: list[str]) -> Any:
        return np.array([self._one(text) for text in texts])

    @staticmethod
    def _one(text: str) -> Any:
        return np.array([1.0, 0.0] if text.lower().startswith("what") else [0.6, 0.8])


def test_meaning_counts_where_there_is_an_embedder(analyser, reader) -> None:
    ranker = EvidenceRanker(analyser, cast(Any, Vectors()))
    found = ranker.rank(reader.read("what of it"), [excerpt("Other things matter. What it is.")])
    assert found[0].text == "What it is."
    assert found[0].cosine == pytest.approx(1.0)
    without = EvidenceRanker(analyser, None).rank(reader.read("x"), [excerpt("What it is.")])
    assert without[0].cosine is None


def item(key: str, cls: ConceptClass | None = None, weight: float = 1.0) -> Item:
    return Item(key=key, cls=cls, text=key, weight=weight)


def test_specific_and_rare_items_weigh_more(reader) -> None:
    assert class_weight(item("@ai", ConceptClass.FRAME)) < class_weight(item("x", weight=0.5))
    assert class_weight(item("x")) < class_weight(item("@c", ConceptClass.FUNCTION))
    question: Question = replace(reader.read("x"), items=(item("common"), item("rare")))
    sentences = [frozenset({"common"})] * 9 + [frozenset({"common", "rare"})]
    weights = item_weights(question, sentences)
    assert 0 < weights["common"] < weights["rare"]
    assert item_weights(question, [])["rare"] > 0
