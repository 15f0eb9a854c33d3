"""Mutations: claims whose truth is known, made by rule out of sentences of the knowledge base.

Knows: how to make a true sentence false (another figure, unit, year, name, ...) or to say it
otherwise (order, notation, words of the same meaning), in English and Chinese. Does not know how
claims are verified, and reads no figure or name by the verifier's own rules, so that what the
verifier does not see is planted all the same. Invariant: the same documents give the same claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from random import Random

from assistant import Language, Passage, knowledge_passages, sentences_of
from evals import errors, paraphrases


class Kind(StrEnum):
    """How a claim was made."""

    FIGURE = "figure"
    UNIT = "unit"
    YEAR = "year"
    ENTITY = "entity"
    NEGATION = "negation"
    DIRECTION = "direction"
    CITATION = "swapped citation"
    MERGED = "merged facts"
    DETAIL = "added detail"

    QUOTE = "quote"
    REORDER = "reordering"
    NOTATION = "unit notation"
    NUMBER = "number words"
    SYNONYM = "paraphrase"
    SHORTER = "left out"
    TRANSLATION = "translation"


FALSE = frozenset(
    {
        Kind.FIGURE, Kind.UNIT, Kind.YEAR, Kind.ENTITY, Kind.NEGATION, Kind.DIRECTION,
        Kind.CITATION, Kind.MERGED, Kind.DETAIL,
    }
)  # fmt: skip
"""Kinds that make a sentence false; the others keep it true."""
FIGURE_ERRORS = frozenset({Kind.FIGURE, Kind.UNIT, Kind.YEAR})
"""Kinds that plant a wrong figure."""
FIGURE_NOTATIONS = frozenset({Kind.NOTATION, Kind.NUMBER})
"""True kinds that write a figure in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence that can be quoted, and the passage that holds it."""

    text: str
    passage: Passage

    @property
    def language(self) -> Language:
        """The language it is in."""
        return self.passage.document.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A claim with a known truth; it cites the first of its passages."""

    kind: Kind
    text: str
    passages: tuple[Passage, ...]
    original: str
    home: str
    """What the document of the original and its translations have in common."""

    @property
    def true(self) -> bool:
        """Whether the first passage bears it out."""
        return self.kind not in FALSE

    @property
    def language(self) -> Language:
        """The language of the passage."""
        return self.passages[0].document.language


def knowledge_sentences(folder: Path) -> list[Sentence]:
    """Return every sentence of a knowledge folder that can be quoted, in order."""
    return [
        Sentence(text=text, passage=passage)
        for passage in knowledge_passages(folder)
        for text in sentences_of(passage)
    ]


def mutants(sentences: Sequence[Sentence]) -> Iterator[Mutant]:
    """Yield every mutation that a rule can make, at most one of each kind for each sentence.

    Args:
        sentences: in the order of their documents; neighbours lend each other their facts.
    """
    names = {language: _names_of(sentences, language) for language in Language}
    by_passage: dict[str, list[str]] = {}
    for sentence in sentences:
        by_passage.setdefault(sentence.passage.chunk.id, []).append(sentence.text)
    for sentence in sentences:
        yield from _of_one(sentence, names[sentence.language])
        rng = _rng(sentence.text, Kind.MERGED)
        beside = [text for text in by_passage[sentence.passage.chunk.id] if text != sentence.text]
        made = errors.merged(sentence.text, beside, rng)
        if made:
            yield _mutant(Kind.MERGED, made, sentence)
        elsewhere = _elsewhere(sentence, sentences, _rng(sentence.text, Kind.CITATION))
        if elsewhere:
            yield Mutant(
                kind=Kind.CITATION,
                text=sentence.text,
                passages=(elsewhere,),
                original=sentence.text,
                home=sentence.passage.document.twin_key,
            )


def translations(sentences: Sequence[Sentence]) -> Iterator[Mutant]:
    """Yield sentences as claims about the passage that is their translation.

    Passages are twins when documents and sections are; sentences, when the passages have equally
    many and they stand in the same place.
    """
    twins: dict[tuple[str, int, Language], list[Sentence]] = {}
    for sentence in sentences:
        document, chunk = sentence.passage.document, sentence.passage.chunk
        key = document.twin_key, chunk.position, document.language
        twins.setdefault(key, []).append(sentence)
    for (document_key, position, language), own in twins.items():
        other = Language.ZH if language is Language.EN else Language.EN
        theirs = twins.get((document_key, position, other), [])
        if len(own) != len(theirs):
            continue
        for sentence, twin in zip(own, theirs, strict=True):
            yield Mutant(
                kind=Kind.TRANSLATION,
                text=twin.text,
                passages=(sentence.passage,),
                original=sentence.text,
                home=document_key,
            )


def _of_one(sentence: Sentence, names: Sequence[str]) -> Iterator[Mutant]:
    """Yield what can be made of one sentence alone."""
    rules: dict[Kind, errors.Rule] = dict(_RULES[sentence.language])
    rules[Kind.ENTITY] = lambda text, rng: errors.other_name(text, names, rng)
    held = _fold(sentence.passage.chunk.text)
    for kind, rule in rules.items():
        made = rule(sentence.text, _rng(sentence.text, kind))
        # What the passage happens to say elsewhere is no error.
        if made and made != sentence.text and not (kind in FALSE and _fold(made) in held):
            yield _mutant(kind, made, sentence)


def _mutant(kind: Kind, text: str, sentence: Sentence) -> Mutant:
    return Mutant(
        kind=kind,
        text=text[:1].upper() + text[1:] if re.match(r"[a-z][a-z]* ", text) else text,
        passages=(sentence.passage,),
        original=sentence.text,
        home=sentence.passage.document.twin_key,
    )


def _rng(text: str, kind: Kind) -> Random:
    return Random(sha256(f"{kind}\0{text}".encode()).digest())  # noqa: S311 - no secret


def _fold(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _names_of(sentences: Sequence[Sentence], language: Language) -> list[str]:
    """Return the names that stand in sentences of a language, countries left out."""
    return sorted(
        {
            match.group()
            for sentence in sentences
            if sentence.language is language
            for match in errors.names_in(sentence.text, language)
        }
        - set(errors.PLACES[language])
    )


def _elsewhere(sentence: Sentence, others: Sequence[Sentence], rng: Random) -> Passage | None:
    """Return a passage of the same language that does not hold a sentence."""
    key = sentence.passage.document.twin_key
    there = [
        other.passage
        for other in rng.sample(list(others), min(20, len(others)))
        if other.language is sentence.language
        and other.passage.document.twin_key != key
        and _fold(sentence.text) not in _fold(other.passage.chunk.text)
    ]
    return there[0] if there else None


_RULES: dict[Language, dict[Kind, errors.Rule]] = {
    Language.EN: {
        Kind.FIGURE: errors.other_figure,
        Kind.UNIT: errors.other_unit(Language.EN),
        Kind.YEAR: errors.other_year,
        Kind.NEGATION: errors.negated_en,
        Kind.DIRECTION: errors.turned(Language.EN),
        Kind.DETAIL: errors.detailed(Language.EN),
        Kind.QUOTE: paraphrases.quoted,
        Kind.REORDER: paraphrases.reordered_en,
        Kind.NOTATION: paraphrases.notation_en,
        Kind.NUMBER: paraphrases.in_words_en,
        Kind.SYNONYM: paraphrases.said_otherwise(Language.EN),
        Kind.SHORTER: paraphrases.shorter_en,
    },
    Language.ZH: {
        Kind.FIGURE: errors.other_figure,
        Kind.UNIT: errors.other_unit(Language.ZH),
        Kind.YEAR: errors.other_year,
        Kind.NEGATION: errors.negated_zh,
        Kind.DIRECTION: errors.turned(Language.ZH),
        Kind.DETAIL: errors.detailed(Language.ZH),
        Kind.QUOTE: paraphrases.quoted,
        Kind.REORDER: paraphrases.reordered_zh,
        Kind.NOTATION: paraphrases.notation_zh,
        Kind.NUMBER: paraphrases.in_words_zh,
        Kind.SYNONYM: paraphrases.said_otherwise(Language.ZH),
        Kind.SHORTER: paraphrases.shorter_zh,
    },
}
