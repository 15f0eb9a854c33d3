"""Word frequency: ordinary words say little, rare ones all they can."""

from __future__ import annotations

import pytest

from assistant.frequency import LEAST, WordFrequency
from assistant.lexicon import Lexicon
from assistant.terms import Analyser


@pytest.fixture(scope="module")
def frequency() -> WordFrequency:
    return WordFrequency(Analyser(Lexicon({})))


@pytest.mark.parametrize(
    ("ordinary", "telling"),
    [("put", "bakery"), ("time", "florist"), ("大家", "花店"), ("时候", "面馆")],
)
def test_the_ordinary_word_says_less(frequency, ordinary: str, telling: str) -> None:
    assert frequency.zipf(ordinary) > frequency.zipf(telling)
    assert LEAST <= frequency.weight(ordinary) < frequency.weight(telling) <= 1.0


@pytest.mark.parametrize("word", ["qwxzk", "", "42", "咘咘咘咘", "\udcff", "AI"])
def test_what_no_list_knows_is_as_rare_as_can_be(frequency, word: str) -> None:
    assert frequency.zipf(word) == 0.0
    assert frequency.weight(word) == 1.0


def test_the_commonest_words_keep_a_little_weight(frequency) -> None:
    assert frequency.weight("the") == LEAST
    assert 6 < frequency.zipf("the") < 8
