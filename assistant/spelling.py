"""Mends typing errors in questions: English misspellings and Chinese sound-alikes.

Knows: a dictionary of English, the words of the lexicon and the names in the index. Does not know
what a question means. Invariant: a word that a dictionary or the index knows is never changed, so a
correct question comes back as it was.
"""

from __future__ import annotations

import re
from functools import cached_property

from assistant.frequency import WordFrequency
from assistant.lexicon import ConceptClass, Lexicon
from assistant.names import Names
from assistant.terms import Analyser

_WORD = re.compile(r"\b[A-Za-z]{3,}\b")
_SHORT = 4
FEW_WORDS = 3
"""Words from which a question is long enough to mend its short words."""
_CONTRACTION = re.compile(r"(have|has|had|do|does|did|is|are|was|were|would|could|should|ca|wo)nt")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")

KNOWN_FREQUENCY = 60
"""Occurrences in the dictionary's corpus from which an English word counts as a real word."""
SHORT_WORD_ZIPF = 5.5
"""How common a word of three or four letters must be to be the one that was meant."""
LONGEST_WORD = 24
"""Letters of the longest English word worth correcting."""
LONGEST_PHRASE = 8
"""Chinese characters of the longest phrase whose sound is compared."""


class Speller:
    """Corrects questions towards one vocabulary. Built lazily: the first use loads dictionaries."""

    def __init__(
        self, lexicon: Lexicon, analyser: Analyser, frequency: WordFrequency, names: Names
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
        text = _WORD.sub(
            lambda match: self._english(match.group()) if len(match.group()) >= least else match[0],
            text,
        )
        return _HAN.sub(lambda match: self._chinese(match.group()), text)

    def _english(self, word: str) -> str:
        lower = word.lower()
        known = lower in self._english_targets or _CONTRACTION.fullmatch(lower)
        if known or len(lower) > LONGEST_WORD or self._is_word(lower):
            return word
        if len(word) <= _SHORT:
            return self._short(word)
        near = self._nearest(lower, 1) or self._names.near(lower)
        if near is None:
            guess = self._frequency.english.correction(lower)
            near = guess if guess and guess != lower and self._is_word(guess) else None
        if near is None and len(lower) > 5:
            near = self._nearest(lower, 2)
        return near or word

    def _short(self, word: str) -> str:
        """Mend a word of few letters into a very common one; abbreviations stay as they are."""
        if not word.islower():
            return word
        guess = self._frequency.english.correction(word)
        common = guess and self._frequency.zipf(guess) >= SHORT_WORD_ZIPF
        return str(guess) if common else word

    def _nearest(self, lower: str, distance: int) -> str | None:
        """Return the target within an edit distance; the same first letter goes first."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        near = process.extract(
            lower, self._english_targets, scorer=OSA.distance, score_cutoff=distance, limit=8
        )
        near.sort(key=lambda row: (row[1], row[0][0] != lower[0], row[0]))
        return str(near[0][0]) if near else None

    def _is_word(self, lower: str) -> bool:
        known = self._frequency.english.word_frequency.dictionary
        return lower in self._names or bool(known.get(lower, 0) >= KNOWN_FREQUENCY)

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
            if target and alike and self._is_no_phrase(written):
                mended[at : at + length] = target
                return length
        return 1

    def _is_no_phrase(self, written: str) -> bool:
        """Whether characters make no sense together: some stand alone and none joins others."""
        words = self._analyser.cut_chinese(written)
        return any(len(word) == 1 for word in words) and not any(
            self._analyser.is_function_word(word) for word in words
        )

    @cached_property
    def _english_targets(self) -> list[str]:
        words: set[str] = set()
        for concept in self._lexicon.concepts.values():
            if not concept.id.startswith("place-") or len(concept.english) > 1:
                for phrase in concept.english:
                    words.update(re.findall(r"[a-z]{3,}", phrase.lower()))
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
