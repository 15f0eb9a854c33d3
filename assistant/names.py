"""Names: the proper names that the indexed texts write, and those they do not.

Knows: which words of the index are names of firms, products and people (Latin letters), and which
words of a text look like names that the index does not have. Does not know what is asked.
Invariant: the names are those of the index that is current.
"""

from __future__ import annotations

import calendar
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from assistant.frequency import WordFrequency

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.index import Index

_CAPITAL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]*[A-Z][A-Za-z]{2,}(?![A-Za-z0-9])")
_SMALL = re.compile(r"(?<![A-Za-z0-9])[a-z]{3,}(?![A-Za-z0-9])")
_CALENDAR = frozenset(
    name.lower() for name in (*calendar.month_name, *calendar.month_abbr, *calendar.day_name)
)
LOOK_BEHIND = 16
"""Characters in which the end of the sentence before, a bullet and a quotation mark have room."""
ORDINARY_ZIPF = 3.0
"""How common an English word must be not to be taken for a name."""
LEAST_ZIPF = 2.0
"""How common a Chinese word must be for the dictionary's word on its being a name to be trusted."""
_SENTENCE_START = re.compile(r"(?:\A|[.?!:。？！：\n]\s*)(?:(?:[-*]|\d+[.)])\s+)?[\"'(]*\Z")
LEAST_LETTERS = 5
"""Letters from which a name is known again with one wrong."""


class Names:
    """Looks names up. Built at the first use, and anew for another index."""

    def __init__(self, index: Callable[[], Index], frequency: WordFrequency) -> None:
        """Take the index to read and what knows ordinary words."""
        self._index = index
        self._frequency = frequency
        self._lock = threading.Lock()
        self._held: tuple[Path | None, frozenset[str], frozenset[str]]
        self._held = (None, frozenset(), frozenset())

    @property
    def edition(self) -> Path:
        """What changes when the names do: the folder of the index they are of."""
        return self._index().folder

    def __contains__(self, word: object) -> bool:
        """Whether a lower-case word is a name."""
        return word in self._current()[0]

    def strangers(self, text: str) -> frozenset[str]:
        """Return the words of a text, lower-case, that look like names the index does not have.

        In English a rare word with a capital that begins no sentence, abbreviations left out; in
        Chinese a word that the dictionary calls a place, a firm or a foreign person.
        """
        _, vocabulary = self._current()
        latin = {
            found.group().lower()
            for found in _CAPITAL.finditer(text)
            if not found.group().removesuffix("s").isupper()  # CEO, CVs
            and not _begins_sentence(text, found.start())
            and self._rare(found.group().lower())
        }
        chinese = self._frequency.names_in(text)
        known = {word for word in chinese if self._frequency.zipf(word) >= LEAST_ZIPF}
        return frozenset(latin | (known - vocabulary))

    def near(self, word: str) -> str | None:
        """Return the name that a lower-case word with one wrong letter most likely means."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if len(word) < LEAST_LETTERS:
            return None
        names = sorted(self._current()[0])
        found = process.extractOne(word, names, scorer=OSA.distance, score_cutoff=1)
        return str(found[0]) if found else None

    def _written_as_names(self, texts: Iterable[str]) -> set[str]:
        """Return the words, lower-case, that stand with a capital more often than without.

        Where only a sentence begins with one, it is a name if no dictionary has it; a month or a
        day of the week is none.
        """
        capital, small = Counter[str](), Counter[str]()
        for text in texts:
            small.update(_SMALL.findall(text))
            for found in _CAPITAL.finditer(text):
                word = found.group()
                inside = not word[1:].islower() or not _begins_sentence(text, found.start())
                capital[word.lower()] += inside
        dictionary = self._frequency.english.word_frequency.dictionary
        return {
            word
            for word, inside in capital.items()
            if word not in _CALENDAR
            and (
                inside > small[word] or (not inside and not small[word] and word not in dictionary)
            )
        }

    def _rare(self, word: str) -> bool:
        """Whether a lower-case word is no ordinary English, nor the plural of such ("fines")."""
        singular = word.removesuffix("s")
        return max(map(self._frequency.zipf, (word, singular))) < ORDINARY_ZIPF

    def _current(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names and the terms of the current index."""
        index = self._index()
        folder, names, vocabulary = self._held
        if folder == index.folder:
            return names, vocabulary
        with self._lock:
            words = self._written_as_names(
                text
                for chunk in index.chunks.values()
                for text in (*chunk.heading_path, chunk.text)
            )
            names = frozenset(filter(self._rare, words))
            vocabulary = frozenset(index.vocabulary())
            self._held = (index.folder, names, vocabulary)
        return names, vocabulary


def _begins_sentence(text: str, at: int) -> bool:
    """Whether a sentence begins at a place of a text."""
    # A bounded look behind: whoever types three thousand line breaks waits no longer for it.
    return _SENTENCE_START.search(text[max(0, at - LOOK_BEHIND) : at]) is not None
