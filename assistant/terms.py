"""Text to terms: what lexical retrieval and term coverage count.

Knows: how normalised words, stems and the concepts of the lexicon make terms. Does not know:
questions, passages or scores. Invariant: the same text always gives the same terms, whatever
language it claims to be in, so that index and query agree.

A term is a lower-case English stem, a Chinese word, or a concept written ``@id``. Concepts are the
bridge between paraphrases and between the two languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

from assistant.lexicon import ConceptClass, Lexicon
from assistant.normalise import normalise
from assistant.segmentation import Segmenter
from assistant.stopwords import STOP_EN, STOP_ZH
from assistant.units import HAN, WORD, placed_units, stem, units_of

__all__ = ["TERMS_VERSION", "Analyser", "ConceptHit", "normalise"]

TERMS_VERSION = "5"


@dataclass(frozen=True, slots=True)
class ConceptHit:
    """A concept named in a text."""

    id: str
    cls: ConceptClass
    start: int
    """Index of the first unit (English word or Chinese character) it covers."""
    end: int


class Analyser:
    """Cuts text into terms by one lexicon. Immutable once built; safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compile the lexicon's phrases."""
        self._phrases: dict[tuple[str, ...], list[tuple[str, ConceptClass]]] = {}
        chinese: list[str] = []
        for concept in lexicon.concepts.values():
            for phrase in (*concept.english, *concept.chinese):
                units = units_of(normalise(phrase))
                self._phrases.setdefault(units, []).append((concept.id, concept.cls))
                if HAN.fullmatch(phrase) and len(phrase) > 1:
                    chinese.append(normalise(phrase))
        self._containers = {
            f"@{place}": frozenset(f"@{outer}" for outer in outers)
            for place, outers in lexicon.containers().items()
        }
        self._unions = {
            f"@{place}": frozenset(f"@{union}" for union in unions)
            for place, unions in lexicon.unions().items()
        }
        self._segmenter = Segmenter(chinese)
        self._longest: dict[str, int] = {}
        for units in filter(None, self._phrases):
            self._longest[units[0]] = max(self._longest.get(units[0], 0), len(units))
        self.terms = lru_cache(maxsize=4096)(self._terms)
        self.concepts = lru_cache(maxsize=4096)(self._concepts)

    def _terms(self, text: str) -> tuple[str, ...]:
        """Return the terms of a text in order, concepts last; stop words left out."""
        words = tuple(self._cut(normalise(text)))
        return (*words, *(f"@{hit.id}" for hit in self._concepts(text)))

    def terms_among(self, texts: Iterable[str]) -> frozenset[str]:
        """Return every term that some texts have, of all of them together."""
        return frozenset(term for text in texts for term in self.terms(text))

    def _cut(self, text: str) -> Iterator[str]:
        """Cut normalised text into index words: stems, numbers, Chinese words; no stop words."""
        for match in WORD.finditer(text):
            word = match.group()
            if HAN.match(word):
                cuts = self._segmenter.cut_for_search(word)
                yield from (cut for cut in cuts if cut not in STOP_ZH)
            elif word not in STOP_EN:
                yield stem(word)

    def _concepts(self, text: str) -> tuple[ConceptHit, ...]:
        """Return every concept named in a text, nested mentions included."""
        units = units_of(normalise(text))
        hits: dict[tuple[str, int, int], ConceptHit] = {}
        for start in range(len(units)):
            longest = self._longest.get(units[start], 0)
            for end in range(start + 1, min(start + longest, len(units)) + 1):
                for concept_id, cls in self._phrases.get(units[start:end], ()):
                    hits[concept_id, start, end] = ConceptHit(concept_id, cls, start, end)
        return tuple(
            hit for hit in hits.values() if hit.cls.specific or not _inside(hit, hits.values())
        )

    def containers(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the terms of all places in which the places among some terms lie."""
        return frozenset().union(*(self._containers.get(key, ()) for key in keys))

    def ruled_by(self, key: str) -> frozenset[str]:
        """Return the terms of the places whose rules hold in a place: those around it, unions."""
        around = self.containers([key])
        return around.union(*(self._unions.get(place, frozenset()) for place in (key, *around)))

    def chinese_count(self, word: str) -> tuple[int, int]:
        """Return how often a simplified Chinese word occurs, and in how many words."""
        return self._segmenter.count(word)

    def chinese_names(self, plain: str) -> set[str]:
        """Return the words of a normalised text that the dictionary tags as names."""
        runs = (match.group() for match in WORD.finditer(plain) if HAN.match(match.group()))
        return {
            word
            for run in runs
            for word in self._segmenter.cut(run)
            if self._segmenter.is_name(word)
        }

    def is_function_word(self, word: str) -> bool:
        """Whether a Chinese word only joins others."""
        return word in STOP_ZH

    def cut_chinese(self, text: str) -> list[str]:
        """Return the words of a run of Chinese characters."""
        return self._segmenter.cut(text)

    def units(self, text: str) -> tuple[str, ...]:
        """Return English stems, numbers and single Chinese characters: what concept hits index."""
        return units_of(normalise(text))

    def words_outside(self, text: str, covered: Set[int]) -> list[tuple[str, str]]:
        """Return the content words none of whose units is covered: term and word, in order.

        Single Chinese characters are left out: alone they say too little.
        """
        found: list[tuple[str, str]] = []
        at = 0
        for match in WORD.finditer(normalise(text)):
            word = match.group()
            if not HAN.match(word):
                if at not in covered and word not in STOP_EN:
                    found.append((stem(word), word))
                at += 1
                continue
            for cut in self._segmenter.cut(word):
                places = range(at, at + len(cut))
                at += len(cut)
                if len(cut) > 1 and cut not in STOP_ZH and covered.isdisjoint(places):
                    found.append((cut, cut))
        return found

    def surface(self, text: str, start: int, end: int) -> str:
        """Return how units ``start`` to ``end`` are written in the normalised text."""
        plain = normalise(text)
        places = [place for _, *place in placed_units(plain)]
        return plain[places[start][0] : places[end - 1][1]]

    def without_concepts(self, text: str, concept_ids: Set[str]) -> str:
        """Return the normalised text with the mentions of some concepts cut out."""
        plain = normalise(text)
        places = [place for _, *place in placed_units(plain)]
        cuts = [
            (places[hit.start][0], places[hit.end - 1][1])
            for hit in self.outermost(plain)
            if hit.id in concept_ids
        ]
        for start, end in sorted(cuts, reverse=True):
            plain = plain[:start] + plain[end:]
        return " ".join(plain.split())

    def outermost(self, text: str) -> tuple[ConceptHit, ...]:
        """Return the concepts named in a text, without those inside a longer mention."""
        hits = self.concepts(text)
        return tuple(hit for hit in hits if not _inside(hit, hits))


def _inside(hit: ConceptHit, others: Iterable[ConceptHit]) -> bool:
    """Whether a mention lies within a longer one ("use" in "use case")."""
    return any(
        other.start <= hit.start
        and hit.end <= other.end
        and other.end - other.start > hit.end - hit.start
        for other in others
    )
