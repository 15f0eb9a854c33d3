from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.frequency import WordFrequency
from assistant.lexicon import load_lexicon
from assistant.names import Names
from assistant.questions import QuestionReader
from assistant.settings import resource_dir
from assistant.spelling import Speller
from assistant.terms import Analyser

LEXICON = load_lexicon(resource_dir("knowledge") / "lexicon.yaml")
ANALYSER = Analyser(LEXICON)
FREQUENCY = WordFrequency(ANALYSER)


def index_of(folder: str, *texts: str) -> Any:
    chunks = {str(n): SimpleNamespace(heading_path=(), text=text) for n, text in enumerate(texts)}
    terms = {term for text in texts for term in ANALYSER.terms(text)}
    return SimpleNamespace(folder=Path(folder), chunks=chunks, vocabulary=lambda: terms)


@pytest.fixture
def names() -> Names:
    index = index_of("one", "In 2025, Zillow sold houses. The Garfield firm and OpenAI, 三星 too.")
    return Names(lambda: index, FREQUENCY)


def test_a_capital_and_no_dictionary_make_a_name(names):
    assert "zillow" in names
    assert "openai" in names
    assert not {"the", "firm", "houses", "in", "sold"} & {w for w in ("the", "in") if w in names}
    assert "unheard" not in names


def test_the_plural_of_an_ordinary_word_is_no_name():
    assert FREQUENCY.zipf("fines") < 3 < FREQUENCY.zipf("fine")
    found = Names(lambda: index_of("one", "Fines of Klarna. Zillows."), FREQUENCY)
    assert "fines" not in found
    assert "klarna" in found
    assert "zillows" in found
    assert not found.strangers("what Fines do they pay")


def test_an_ordinary_word_is_no_name_wherever_it_has_a_capital():
    text = (
        "- Hairdressers wait. Hairdressers pay in August.\nThe Productivity Fund pays for"
        " productivity; productivity grows. Dukaan waits. 1. Otter listens, as an Otter does."
    )
    found = Names(lambda: index_of("one", text), FREQUENCY)
    assert {word for word in ("hairdressers", "august", "productivity") if word in found} == set()
    assert {word for word in ("dukaan", "otter") if word in found} == {"dukaan", "otter"}


def test_one_wrong_letter_is_known_again_and_two_are_not(names):
    assert names.near("zilow") == "zillow"
    assert names.near("zxlxow") is None
    assert names.near("zil") is None


def test_names_are_those_of_the_index_that_is_current():
    held = [index_of("one", "Zillow"), index_of("two", "Klarna")]
    names = Names(lambda: held[0], FREQUENCY)
    assert "zillow" in names
    held.reverse()
    assert "zillow" not in names
    assert "klarna" in names


def test_the_speller_leaves_names_alone_and_finds_them(names):
    speller = Speller(LEXICON, ANALYSER, FREQUENCY, names)
    assert speller.correct("zillow lost how much") == "zillow lost how much"
    assert speller.correct("what did zilow lose then") == "what did zillow lose then"


def test_a_name_is_something_the_evidence_must_name(names):
    (item,) = QuestionReader(ANALYSER, FREQUENCY, names).read("zillow?").items
    assert item.cls is not None
    assert item.cls.specific


def test_a_capital_inside_a_sentence_and_no_dictionary_make_a_stranger(names):
    strangers = names.strangers("How many jobs did Lufthansa cut? Zxqvians gave Klarna's GPU")
    assert strangers == {"lufthansa", "klarna"}
    assert names.strangers("HOW MANY JOBS DID LUFTHANSA CUT") == frozenset()
    assert names.strangers("") == frozenset()


def test_chinese_names_are_strangers_unless_the_index_has_them(names):
    # jieba's dictionary knows both as names; only one stands in the index.
    assert "京东" in names.strangers("京东因为AI裁了多少客服")
    index = index_of("two", "京东因为AI裁了客服。")
    assert "京东" not in Names(lambda: index, FREQUENCY).strangers("京东因为AI裁了多少客服")


def test_a_stranger_must_be_named_and_a_possessive_is_no_part_of_it(names):
    reader = QuestionReader(ANALYSER, FREQUENCY, names)
    read = reader.read("How much did Lufthansa's chatbot cost?")
    (stranger,) = [item for item in read.items if item.text.startswith("lufthansa")]
    assert stranger.cls is not None
    assert stranger.cls.specific


def test_a_question_is_read_once_and_anew_for_another_index():
    held = [index_of("one", "Chatbots help.")]
    reader = QuestionReader(ANALYSER, FREQUENCY, Names(lambda: held[0], FREQUENCY))
    (before,) = reader.read("zillow?").items
    assert reader.read("zillow?").items[0] is before
    held[0] = index_of("two", "The firm Zillow lost money.")
    (after,) = reader.read("zillow?").items
    assert before.cls is None
    assert after.cls is not None


def test_a_text_of_line_breaks_is_read_at_once(names):
    from time import process_time

    before = process_time()
    names.strangers("\n" * 3000 + "Zork " * 60 + "ai?")
    # It took eleven seconds.
    assert process_time() - before < 2
