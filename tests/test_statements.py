"""Statements: what stands in a sentence, whatever is asked, and that it is read once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.lexicon import load_lexicon
from assistant.prompting import Excerpt
from assistant.schema import Asked, Language
from assistant.statements import StatementReader
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


@pytest.fixture(scope="module")
def reader() -> StatementReader:
    return StatementReader(Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml")))


EXCERPT = Excerpt(
    title="AI in shops",
    section="Use in Germany",
    language=Language.EN,
    publisher="OECD",
    published="2025",
    grade="survey",
    geography="Germany",
    population="Shops",
    text=(
        "In 2025, 43% of shops used chatbots. A chatbot costs EUR 20 a month.\n\n"
        "- Start small.\n- Stop after 4 weeks.\n\nThe report does not state the revenue."
    ),
)


def test_sentences_come_in_order_with_their_places(reader: StatementReader) -> None:
    read = reader.read(EXCERPT)
    assert [it.order for it in read] == list(range(5))
    for it in read:
        assert EXCERPT.text[it.start : it.start + len(it.text)] == it.text


def test_a_figure_stands_for_what_it_measures(reader: StatementReader) -> None:
    share, cost, _, weeks, unsaid = reader.read(EXCERPT)
    assert "@share" in share.keys
    assert "@cost" in cost.keys
    assert "@duration" in weeks.keys
    assert not unsaid.keys & {"@share", "@duration"}


def test_items_of_a_list_and_what_is_not_stated_are_told(reader: StatementReader) -> None:
    read = reader.read(EXCERPT)
    assert [it.listed for it in read] == [False, False, True, True, False]
    assert [it.not_stated for it in read] == [False, False, False, False, True]


def test_headings_and_place_hold_for_every_sentence(reader: StatementReader) -> None:
    for it in reader.read(EXCERPT):
        assert "@place-de" in it.named
        assert it.keys <= it.named


def test_one_of_several_places_holds_for_no_sentence(reader: StatementReader) -> None:
    several = replace(EXCERPT, section="Use", geography="Germany, Japan")
    assert not any(key.startswith("@place-") for it in reader.read(several) for key in it.named)


def test_what_is_asked_changes_nothing_and_costs_no_reading(reader: StatementReader) -> None:
    asked = replace(EXCERPT, match=0.9, asked=(Asked(0.9, "how many"), *[None] * 4))
    assert reader.read(asked) is reader.read(EXCERPT)


def test_a_long_sentence_is_longer_than_comfortable(reader: StatementReader) -> None:
    long = replace(EXCERPT, text="Firms " + "use tools and " * 40 + "rest.")
    (read,) = reader.read(long)
    assert read.overlength > 1
    assert reader.read(EXCERPT)[0].overlength == 0


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("The reports do not say what the chatbot cost.", True),
        ("The summary names neither the factory nor its staff.", True),
        ("The damage in money is not known.", True),
        ("查到的资料没有写软件价格和员工人数。", True),
        ("报道没有说现在是否还在用。", True),
        ("A shortage of talent was named by 31% of firms that had not started with AI.", False),
        ("In Canada, 78.1% of firms without plans say that AI is not relevant.", False),
        ("Do not give names of customers to a chatbot.", False),
        ("Small firms should not give all simple tasks to AI.", False),
        ("An assistant does not know your prices unless you give them each time.", False),
        ("McDonald's did not give up on voice ordering.", False),
        ("28.3%: firms with AI in a report that names no survey.", False),
        ("The report names no survey and no sample.", True),
        ("71.7%的中小企业没有启动AI。", False),
        ("两篇报道都没有说使用AI违法，违法的是辞退的做法。", False),
    ],
)
def test_only_silence_on_a_fact_is_silence(
    reader: StatementReader, text: str, silent: bool
) -> None:
    (read,) = reader.read(replace(EXCERPT, text=text))
    assert read.not_stated is silent


@pytest.mark.parametrize(
    ("text", "there", "around"),
    [
        ("China pays part of the cost.", "@place-cn", "@place-asia"),
        ("中国各城市发放补贴。", "@place-cn", "@place-asia"),
        ("A law of the EU holds for Spain too.", "@place-eu", ""),
        ("Asia grows.", "@place-asia", ""),
    ],
)
def test_a_place_around_another_is_named_but_not_spoken_of(
    reader: StatementReader, text: str, there: str, around: str
) -> None:
    excerpt = replace(EXCERPT, title="", section="", geography="", publisher="", text=text)
    (said,) = reader.read(excerpt)
    assert there in said.innermost
    assert not around or around in said.named - said.innermost


@pytest.mark.parametrize(
    ("text", "unsaid"),
    [
        ("2026年的成本下降了60%以上，报告没有写与哪一年相比。", False),
        ("报告没有写成本。", True),
        ("2026年的成本下降了60%以上，报告没有写员工人数。", True),
    ],
)
def test_what_a_figure_is_compared_with_does_not_make_it_unsaid(
    reader: StatementReader, text: str, unsaid: bool
) -> None:
    (said,) = reader.read(replace(EXCERPT, text=text))
    assert said.not_stated is unsaid
