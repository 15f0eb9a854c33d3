"""Segmentation: Chinese text into words.

Knows: jieba's dictionary and the words added to it. Does not know English, concepts or questions.
Invariant: each segmenter has a dictionary of its own; words added to one are in no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any


class Segmenter:
    """Cuts simplified Chinese into words. Safe to share once its words are added."""

    def __init__(self, words: Iterable[str]) -> None:
        """Load the dictionary and add words to it."""
        self._jieba = _jieba_tokenizer()
        for word in words:
            self._jieba.add_word(word)

    def cut(self, text: str) -> list[str]:
        """Return the words of a run of Chinese characters, one after the other."""
        return list(self._jieba.cut(text))

    def cut_for_search(self, text: str) -> list[str]:
        """Return the same and the shorter words inside long ones."""
        return list(self._jieba.cut_for_search(text))

    def count(self, word: str) -> tuple[int, int]:
        """Return how often a word occurs in the dictionary's corpus, and in how many words."""
        self._jieba.initialize()
        return int(self._jieba.FREQ.get(word, 0) or 0), int(self._jieba.total)

    def is_name(self, word: str) -> bool:
        """Whether the dictionary tags a word of two characters or more as a name."""
        return len(word) > 1 and word in _names()


_NAME_TAGS = frozenset({"ns", "nt", "nrt"})
"""Places, organisations and foreign persons; the tag of Chinese persons is on common words too."""


@cache
def _names() -> frozenset[str]:
    """Return the words that jieba's dictionary tags as names."""
    rows = (line.split() for line in _dictionary_lines())
    return frozenset(word for word, _, tag in rows if tag in _NAME_TAGS)


def _dictionary_lines() -> Iterator[str]:
    """Yield the lines of jieba's dictionary: word, count and tag."""
    import jieba

    with jieba.Tokenizer().get_dict_file() as file:
        for line in file:
            yield line.decode("utf-8")


def _jieba_tokenizer() -> Any:
    """Return a tokenizer of its own: our words must not leak into the library's shared one.

    Its dictionary is read from the package: jieba's way round, by a cache file that every user of
    the machine shares and may change, is no faster and fails on a full disk.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer
