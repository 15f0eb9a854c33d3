"""Word frequency: how ordinary a word is in everyday language.

Knows: the frequency lists that come with the spelling checker (English) and the segmenter
(Chinese). Does not know any question. Invariant: a word that no list knows is as rare as can be.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from assistant.normalise import normalise
from assistant.terms import Analyser

COMMON, RARE = 6.2, 4.0
"""Zipf values (log10 of occurrences per thousand million words) of a word that says nothing by
itself, such as "put", and of one that says all it can, such as "bakery"."""
LEAST = 0.15
"""Weight of the most ordinary word."""


class WordFrequency:
    """Looks words up. Built lazily: the first use loads a list."""

    def __init__(self, analyser: Analyser) -> None:
        """Take the analyser whose segmenter knows Chinese words."""
        self._analyser = analyser

    def zipf(self, word: str) -> float:
        """Return the Zipf value, 0 to about 8, of a lower-case English or a Chinese word."""
        if any("\u4e00" <= char <= "\u9fff" for char in word):
            count, total = self._analyser.chinese_count(word)
        else:
            known = self.english.word_frequency
            count, total = int(known.dictionary.get(word, 0)), known.total_words
        return math.log10(count / total * 1e9) if count else 0.0

    def names_in(self, text: str) -> set[str]:
        """Return the Chinese words of a text that the dictionary calls names."""
        return self._analyser.chinese_names(normalise(text))

    def weight(self, word: str) -> float:
        """Return how much a word says, from ``LEAST`` for an ordinary one to 1 for a rare one."""
        share = (COMMON - self.zipf(word)) / (COMMON - RARE)
        return min(max(share, LEAST), 1.0)

    @cached_property
    def english(self) -> Any:
        """The English spelling checker with its frequency list."""
        from spellchecker import SpellChecker

        return SpellChecker(language="en", distance=1)
