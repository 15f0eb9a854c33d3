"""Mends typing errors in questions: English misspellings and Chinese sound-alikes.

Knows: a dictionary of English, the words of the lexicon, the names in the index, and which words
hold a sentence together. Does not know what a question means. Invariants: a word that a dictionary,
the lexicon or the index knows, or that is written like a name, is never changed; what changes
becomes a word of the lexicon, a name, or one that holds a sentence together.
"""

from __future__ import annotations

import re
from functools import cached_property

from assistant.dialects import american_spellings
from assistant.frequency import WordFrequency
from assistant.lexicon import ConceptClass, Lexicon
from assistant.names import Names
from assistant.stopwords import STOP_EN
from assistant.terms import Analyser

_WORD = re.compile(r"\b[A-Za-z]{3,}\b")
_SHORT = 4
FEW_WORDS = 3
"""Words from which a question is long enough to mend its short words."""
_CONTRACTION = re.compile(r"(have|has|had|do|does|did|is|are|was|were|would|could|should|ca|wo)nt")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")

SHORT_WORD_ZIPF = 5.5
"""How common a word must be to be the one that was meant by three or four letters."""
LONG = 8
"""Letters from which a word with two slips is still clearly near another."""
LONGEST_WORD = 24
"""Letters of the longest English word worth correcting."""
LONGEST_PHRASE = 8
"""Chinese characters of the longest phrase whose sound is compared."""


class Speller:
    """Corrects questions towards one vocabulary. Built lazily: the first use loads dictionaries."""

    def __init__(
        self,
        lexicon: Lexicon,
        analyser: Analyser,
        frequency: WordFrequency,
        names: Names | None = None,
    ) -> None:
        """Take the words to correct towards.

        Args:
            lexicon: its phrases are the targets.
            analyser: knows which Chinese words are ordinary ones.
            frequency: knows which English words are.
            names: of the index; never changed, and targets too.
        """
        self._names = names
        self._lexicon = lexicon
        self._analyser = analyser
        self._frequency = frequency

    def correct(self, text: str) -> str:
        """Return the text with unknown words replaced by the vocabulary's nearest, where near."""
        # Alone, a few letters are an abbreviation more often than a slip.
        least = 3 if len(text.split()) >= FEW_WORDS else _SHORT + 1
        shouted = not any(char.islower() for char in text)
        start = len(text) - len(text.lstrip())

        def mended(match: re.Match[str]) -> str:
            word = match.group()
            named = not shouted and _is_name(word, first=match.start() == start)
            return word if named or len(word) < least else self._english(word)

        text = _WORD.sub(mended, text)
        return _HAN.sub(lambda match: self._chinese(match.group()), text)

    def _english(self, word: str) -> str:
        lower = word.lower()
        known = lower in self._english_targets or _CONTRACTION.fullmatch(lower)
        if known or len(lower) > LONGEST_WORD or self._is_word(lower):
            return word
        if len(word) <= _SHORT:
            near = self._short(lower)
        else:
            near = self._nearest(lower, 1)
            if near is None and self._names is not None:
                near = self._names.near(lower)
            if near is None and len(lower) >= LONG:
                near = self._nearest(lower, 2)
        return _in_case_of(word, near) if near else word

    def _short(self, lower: str) -> str | None:
        """Mend swapped letters, and in a word of four a letter left out; the first one stands.

        Few letters are near many words: only very common ones are meant.
        """
        found = [
            target
            for target in self._english_targets
            if target[0] == lower[0]
            and (
                (sorted(target) == sorted(lower) and _distance(lower, target) == 1)
                or (len(lower) == _SHORT < len(target) and _distance(lower, target) == 1)
            )
        ]
        near = self._most_common(found)
        return near if near and self._frequency.zipf(near) >= SHORT_WORD_ZIPF else None

    def _nearest(self, lower: str, distance: int) -> str | None:
        """Return the commonest of the nearest targets within an edit distance.

        The first letter must be the same, or be swapped with the second: what differs there is more
        often another word ("gradio") than a slip.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        near = process.extract(
            lower, self._english_targets, scorer=OSA.distance, score_cutoff=distance, limit=None
        )
        alike = [row for row in near if row[0][0] == lower[0] or row[0][:2] == lower[1::-1]]
        least = min((row[1] for row in alike), default=0)
        return self._most_common([str(row[0]) for row in alike if row[1] == least])

    def _most_common(self, words: list[str]) -> str | None:
        return max(words, key=lambda word: (self._frequency.zipf(word), -len(word)), default=None)

    def _is_word(self, lower: str) -> bool:
        known = self._frequency.english.word_frequency.dictionary
        if lower in known or (self._names is not None and lower in self._names):
            return True
        return any(word in known for word in american_spellings(lower))

    def _chinese(self, run: str) -> str:
        from pypinyin import lazy_pinyin

        sounds = lazy_pinyin(run)
        if len(sounds) != len(run):
            return run
        mended = list(run)
        at = 0
        while at < len(run):
            at += self._mend_at(run, sounds, at, mended)
        return "".join(mended)

    def _mend_at(self, run: str, sounds: list[str], at: int, mended: list[str]) -> int:
        """Mend the longest sound-alike that starts at ``at``; return how far to move on."""
        for length in range(min(LONGEST_PHRASE, len(run) - at), 1, -1):
            written = run[at : at + length]
            if written in self._chinese_words:
                return length
            target = self._chinese_targets.get(tuple(sounds[at : at + length]))
            alike = target and sum(a == b for a, b in zip(written, target, strict=True))
            if target and alike and self._is_no_phrase(written, run, at):
                mended[at : at + length] = target
                return length
        return 1

    def _is_no_phrase(self, written: str, run: str, at: int) -> bool:
        """Whether the characters at ``at`` make no sense together.

        Some stand alone, none joins others, and no word that a dictionary knows begins or ends in
        the middle of them.
        """
        words = self._analyser.cut_chinese(written)
        start, end = at, at + len(written)
        place = 0
        for word in self._analyser.cut_chinese(run):
            first, place = place, place + len(word)
            across = first < start < place or first < end < place
            if across and self._analyser.chinese_count(word)[0]:
                return False
        return any(len(word) == 1 for word in words) and not any(
            self._analyser.is_function_word(word) for word in words
        )

    @cached_property
    def _english_targets(self) -> list[str]:
        words: set[str] = {word for word in STOP_EN if len(word) > 2}
        for concept in self._lexicon.concepts.values():
            if not concept.id.startswith("place-") or len(concept.english) > 1:
                for phrase in concept.english:
                    words.update(re.findall(r"[a-z]{3,}", phrase.lower()))
                    words.update(re.findall(r"[a-z]{3,}", phrase.lower().replace("-", "")))
        return sorted(words)

    @cached_property
    def _chinese_words(self) -> frozenset[str]:
        concepts = self._lexicon.concepts.values()
        # A slip of the keyboard must never turn into a country.
        phrases = {p for c in concepts if c.cls is not ConceptClass.PLACE for p in c.chinese}
        return frozenset(p for p in phrases if _HAN.fullmatch(p))

    @cached_property
    def _chinese_targets(self) -> dict[tuple[str, ...], str]:
        from pypinyin import lazy_pinyin

        return {tuple(lazy_pinyin(phrase)): phrase for phrase in sorted(self._chinese_words)}


def _is_name(word: str, *, first: bool) -> bool:
    """Whether a word's capitals say that it is a name or an abbreviation."""
    return not word.islower() and not (first and word[1:].islower())


def _in_case_of(word: str, mended: str) -> str:
    """Return a word in capitals where the other has them."""
    if word.isupper():
        return mended.upper()
    return mended.capitalize() if word[0].isupper() else mended


def _distance(one: str, other: str) -> int:
    """Return how many slips (a letter more, less, other, or two swapped) lie between words."""
    from rapidfuzz.distance import OSA

    return int(OSA.distance(one, other))
