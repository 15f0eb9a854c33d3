"""Reading: what a sentence is made of, for comparing two of them.

Knows: content words with how much each says, concepts, names, figures and word order of one text,
in English and Chinese. Does not know passages, nor what is true. Invariant: equal texts read equal;
a reading is kept, so that a passage sentence is read once however often it is compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.figures import Figure, find_figures
from assistant.frequency import COMMON, LEAST, RARE, WordFrequency
from assistant.language import detect_language
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.schema import Language
from assistant.stopwords import STOP_EN, STOP_ZH
from assistant.terms import Analyser
from assistant.units import HAN, WORD, placed_units, stem

KEPT = 8192
"""Readings remembered; about 3 KB each."""
ORDINARY_ZIPF = 3.5
"""How common an English word may be and still be taken for a name when a sentence begins with it."""

_CAPITAL = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9&.-]*[A-Za-z0-9]")
_OPENING = re.compile(r"(?:^|[.?!:;|\n]\s*|[\"“(]\s*)\Z")
_TITLE = re.compile(r"《([^《》]{2,40})》")
_SERIAL = re.compile(
    r"\b(?:Article|Articles|Section|Annex|Rule|Point|Chapter|Recital)\s?(\d+|[IVX]+)\b|第\s?([一二三四五六七八九十百\d]+)\s?[条章款项节]"
)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_CALENDAR = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)
_ENDINGS = ("s", "es", "d", "ed", "ing", "ly")
_NO_NAMES = frozenset(["ai", "sme", "smes", "i", "it"])
_APART = str.maketrans({"’": "'"} | dict.fromkeys('()[]{},;:!?"“”‘/|。，、；：！？（）《》', " "))
_LATIN_IN_CHINESE = re.compile(r"[A-Za-z][A-Za-z0-9&.-]*[A-Za-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A content word."""

    term: str
    """English stem or Chinese word."""
    surface: str
    weight: float
    """How much it says, 0.15 for an ordinary word to 1 for a rare one."""
    concepts: frozenset[str]
    """The concepts it is part of a mention of."""
    at: int
    """Where it begins, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one text is made of."""

    text: str
    plain: str
    """Normalised."""
    language: Language
    words: tuple[Word, ...]
    """Content words in order; figures are not among them."""
    terms: frozenset[str]
    concepts: frozenset[str]
    names: frozenset[str]
    """Normalised: firms, products, persons, laws, months and days."""
    places: Mapping[str, str]
    """Places by concept, as they are written."""
    serials: frozenset[str]
    """Numbers of articles, sections and the like."""
    figures: tuple[Figure, ...]
    digits: frozenset[str]
    """Numbers as they are written."""
    units: tuple[str, ...]
    """Every English stem, number and Chinese character in order, stop words included."""
    tokens: frozenset[str]
    """What stands between white space and punctuation, normalised."""
    triples: frozenset[tuple[str, str, str]]
    """Each three units that follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a claim is held against."""

    sentences: tuple[Reading, ...]
    """All sentences of the cited passages."""
    whole: Reading
    """What they hold together."""
    context: Reading
    """Their headings, titles and sources: they may lend a name or a year, never a figure."""
    advises: bool = False
    """Whether the passages give advice as a whole, as guides do."""


def together(sentences: Sequence[Reading]) -> Reading:
    """Return what sentences hold together, without order across them; at least one sentence."""
    return Reading(
        text="\n".join(s.text for s in sentences),
        plain="\n".join(s.plain for s in sentences),
        language=sentences[0].language,
        words=(),
        terms=frozenset().union(*(s.terms for s in sentences)),
        concepts=frozenset().union(*(s.concepts for s in sentences)),
        names=frozenset().union(*(s.names for s in sentences)),
        places={place: name for s in sentences for place, name in s.places.items()},
        serials=frozenset().union(*(s.serials for s in sentences)),
        figures=tuple(figure for s in sentences for figure in s.figures),
        digits=frozenset().union(*(s.digits for s in sentences)),
        units=(),
        tokens=frozenset().union(*(s.tokens for s in sentences)),
        triples=frozenset().union(*(s.triples for s in sentences)),
    )


class Reader:
    """Reads texts. Safe to share between threads."""

    def __init__(self, analyser: Analyser) -> None:
        """Take the index's analyser."""
        self._analyser = analyser
        self._frequency = WordFrequency(analyser)
        self._zipf = lru_cache(maxsize=KEPT)(self._commonest)
        self.read = lru_cache(maxsize=KEPT)(self._read)

    def _read(self, text: str) -> Reading:
        """Return the reading of a text."""
        plain = normalise(text)
        figures = tuple(find_figures(text))
        bare = text
        for figure in reversed(figures):
            blank = " " * (figure.end - figure.start)
            bare = f"{bare[: figure.start]}{blank}{bare[figure.end :]}"
        words = tuple(self._words(bare))
        language = detect_language(text)
        units = tuple(unit for unit, _, _ in placed_units(plain))
        places = {
            hit.id: self._analyser.surface(text, hit.start, hit.end)
            for hit in self._analyser.concepts(text)
            if hit.cls is ConceptClass.PLACE
        }
        return Reading(
            text=text,
            plain=plain,
            language=language,
            words=words,
            terms=frozenset(word.term for word in words),
            concepts=frozenset(hit.id for hit in self._analyser.concepts(text)),
            names=frozenset(self._names(bare, plain, language) - set(places.values())),
            places=places,
            serials=frozenset(a or b for a, b in _SERIAL.findall(text)),
            figures=figures,
            digits=frozenset(found.rstrip(".,") for found in _DIGITS.findall(plain)),
            units=units,
            tokens=frozenset(plain.translate(_APART).replace("'s", " ").split()),
            triples=frozenset(zip(units, units[1:], units[2:], strict=False)),
        )

    def _words(self, text: str) -> list[Word]:
        """Return the content words of a text with the concepts each is part of."""
        covering: dict[int, set[str]] = {}
        for hit in self._analyser.concepts(text):
            for unit in range(hit.start, hit.end):
                covering.setdefault(unit, set()).add(hit.id)
        found: list[Word] = []
        at = 0
        for match in WORD.finditer(normalise(text)):
            run = match.group()
            if not HAN.match(run):
                concepts = frozenset(covering.get(at, ()))
                at += 1
                if run not in STOP_EN and run[0].isalpha():
                    found.append(self._word(stem(run), run, concepts, match.start()))
                continue
            begin = match.start() - at
            for cut in self._analyser.cut_chinese(run):
                places = range(at, at + len(cut))
                at += len(cut)
                if len(cut) > 1 and cut not in STOP_ZH:
                    concepts = frozenset().union(*(covering.get(place, ()) for place in places))
                    found.append(self._word(cut, cut, concepts, begin + places.start))
        return found

    def _word(self, term: str, surface: str, concepts: frozenset[str], at: int) -> Word:
        weight = min(max((COMMON - self._zipf(surface)) / (COMMON - RARE), LEAST), 1.0)
        return Word(term=term, surface=surface, weight=weight, concepts=concepts, at=at)

    def _commonest(self, word: str) -> float:
        """Return the Zipf value of a word or of what it is a form of, whichever is more common.

        The list of English words is of speech: it has "firm" and hardly "firms".
        """
        forms = {word}
        if word.isascii():
            forms |= {word.removesuffix(end) for end in _ENDINGS} | {stem(word)}
        return max(self._frequency.zipf(form) for form in forms if form)

    def _names(self, text: str, plain: str, language: Language) -> set[str]:
        """Return what a text calls by name."""
        found: set[str] = set()
        pattern = _CAPITAL if language is Language.EN else _LATIN_IN_CHINESE
        for match in pattern.finditer(text):
            name = match.group().lower().removesuffix("'s")
            opens = language is Language.EN and _OPENING.search(text, 0, match.start())
            ordinary = self._zipf(name) >= ORDINARY_ZIPF or name in STOP_EN
            if name not in _NO_NAMES and not (opens and ordinary and name not in _CALENDAR):
                found.add(name)
        found |= {normalise(title) for title in _TITLE.findall(text)}
        if HAN.search(plain):
            found |= self._frequency.names_in(text)
        return found
