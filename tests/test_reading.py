"""Readings: what a sentence is made of, in either language."""

from __future__ import annotations

import pytest

from assistant import Settings
from assistant.builder import make_analyser
from assistant.reading import Reader, together


@pytest.fixture(scope="module")
def reader(settings: Settings) -> Reader:
    return Reader(make_analyser(settings))


@pytest.mark.parametrize(
    ("text", "names", "places"),
    [
        ("However, Klarna hired Siemens in May.", {"klarna", "siemens", "may"}, set()),
        ("Twenty-six percent of firms in Germany use AI.", set(), {"place-de"}),
        ("Firms use AI.", set(), set()),
        (
            "据《生成式人工智能服务管理暂行办法》，DeepSeek须备案。",
            {"生成式人工智能服务管理暂行办法", "deepseek"},
            set(),
        ),
        ("德国企业使用AI。", set(), {"place-de"}),
    ],
)
def test_names_and_places(reader: Reader, text: str, names: set[str], places: set[str]) -> None:
    reading = reader.read(text)
    assert reading.names == names
    assert set(reading.places) == places


def test_figures_are_no_words_and_words_keep_their_place(reader: Reader) -> None:
    reading = reader.read("In 2026, 28.3% of bakeries rented robots.")
    assert [word.surface for word in reading.words] == ["bakeries", "rented", "robots"]
    assert all(reading.plain[word.at :].startswith(word.surface) for word in reading.words)
    assert len(reading.figures) == 2


def test_articles_are_numbers_of_their_own(reader: Reader) -> None:
    assert reader.read("See Article 4 and Annex III.").serials == {"4", "III"}
    assert reader.read("见第28条和第五章。").serials == {"28", "五"}


def test_a_rare_word_weighs_more(reader: Reader) -> None:
    weights = {
        word.surface: word.weight for word in reader.read("Machines use electrolysers.").words
    }
    assert weights["electrolysers"] > 1.2 * weights["machines"]


def test_the_whole_holds_what_its_sentences_hold(reader: Reader) -> None:
    readings = [reader.read(text) for text in ("Klarna saved 5%.", "Siemens has 10 robots.")]
    whole = together(readings)
    for reading in readings:
        assert reading.terms <= whole.terms
        assert reading.names <= whole.names
        assert reading.triples <= whole.triples
        assert set(reading.figures) <= set(whole.figures)
