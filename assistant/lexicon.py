"""The lexicon: which phrases name the same concept, in English and Chinese.

Knows: ``knowledge/lexicon.yaml`` and the names of the world's countries (from CLDR, by Babel).
Does not know: how text is cut into words; it stores phrases, ``terms`` matches them. Invariant:
every concept has one class, and the class alone decides what a mismatch between a question and its
evidence means.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import KnowledgeError
from assistant.yamltext import load_yaml


class ConceptClass(StrEnum):
    """What sort of thing a concept is."""

    FRAME = "frame"
    ACTION = "action"
    FIGURE = "figure"
    TOPIC = "topic"
    MEASURE = "measure"
    BARRIER = "barrier"
    FUNCTION = "function"
    SECTOR = "sector"
    TECHNOLOGY = "technology"
    ORGANISATION = "organisation"
    PLACE = "place"

    @property
    def specific(self) -> bool:
        """Whether evidence that lacks such a concept cannot answer a question that names it."""
        return self not in _GENERAL

    @property
    def own(self) -> bool:
        """Whether nothing else can stand for such a thing: a place, or a firm, product or person."""
        return self in {ConceptClass.PLACE, ConceptClass.ORGANISATION}


_GENERAL = {ConceptClass.FRAME, ConceptClass.ACTION, ConceptClass.FIGURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that people name in several ways."""

    id: str
    """E.g. ``customer-service``, or ``place-de`` for a country."""
    cls: ConceptClass
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    holds: tuple[str, ...] = ()
    """Ids of the places directly inside a place: what is said of them is said of it."""
    members: tuple[str, ...] = ()
    """Ids of the places whose rules a union makes: what it rules holds for them, no more."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All concepts by id."""

    concepts: dict[str, Concept]

    def __getitem__(self, concept_id: str) -> Concept:
        """Return a concept.

        Raises:
            KeyError: no such concept.
        """
        return self.concepts[concept_id]

    def containers(self) -> dict[str, frozenset[str]]:
        """Return, by id of a place, the ids of all places it lies in."""
        around: dict[str, set[str]] = {}
        for concept in self.concepts.values():
            inner = list(concept.holds)
            while inner:
                place = inner.pop()
                known = around.setdefault(place, set())
                if concept.id not in known:  # two that hold each other end here
                    known.add(concept.id)
                    inner += self.concepts[place].holds
        return {place: frozenset(outer) for place, outer in around.items()}

    def unions(self) -> dict[str, frozenset[str]]:
        """Return, by id of a place, the ids of the unions whose rules hold there."""
        around: dict[str, set[str]] = {}
        for concept in self.concepts.values():
            for place in concept.members:
                around.setdefault(place, set()).add(concept.id)
        return {place: frozenset(unions) for place, unions in around.items()}


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file and add the countries of the world.

    Raises:
        KnowledgeError: the file is missing, is no YAML, or a concept is malformed.
    """
    import yaml

    try:
        data: Any = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(str(path), None, f"cannot be read as UTF-8 text: {exc}") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise KnowledgeError(str(path), line, f"is not valid YAML: {exc}") from exc
    entries = data.get("concepts") if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise KnowledgeError(str(path), None, "needs a mapping 'concepts' at the top")
    places = data.get("places", {})
    if not isinstance(places, dict):
        raise KnowledgeError(str(path), None, "'places' is no mapping; write id: {en: [...]}")
    as_entries = {f"place-{code}": _as_place(entry) for code, entry in places.items()}
    concepts = {concept.id: concept for concept in _countries()}
    for concept_id, entry in (entries | as_entries).items():
        problem = _problem(entry)
        if problem:
            raise KnowledgeError(str(path), None, f"concept {concept_id!r}: {problem}")
        concepts[concept_id] = Concept(
            id=concept_id,
            cls=ConceptClass(entry["class"]),
            english=tuple(map(str, entry.get("en", ()))),
            chinese=tuple(map(str, entry.get("zh", ()))),
            holds=tuple(f"place-{code}" for code in entry.get("holds", ())),
            members=tuple(f"place-{code}" for code in entry.get("members", ())),
        )
    for concept in concepts.values():
        for key, named in (("holds", concept.holds), ("members", concept.members)):
            unknown = next((place for place in named if place not in concepts), None)
            if unknown or concept.id in named:
                problem = f"{key!r} names {unknown or concept.id}, which is no other place"
                raise KnowledgeError(str(path), None, f"concept {concept.id!r}: {problem}")
    return Lexicon(concepts)


_LISTS = ("en", "zh", "holds", "members")


def _as_place(entry: Any) -> Any:
    """Return the entry of a place as that of a concept; as it is when it is malformed."""
    return {"class": ConceptClass.PLACE, **entry} if isinstance(entry, dict) else entry


def _problem(entry: Any) -> str | None:
    """Return what is wrong with a concept as read, and what to write."""
    classes = ", ".join(ConceptClass)
    if not isinstance(entry, dict):
        return "write it as {class: topic, en: [...], zh: [...]}"
    if "class" not in entry:
        return f"'class' is missing; write one of {classes}"
    if entry["class"] not in list(ConceptClass):
        return f"'class' is {entry['class']!r}; write one of {classes}"
    strange = next((key for key in entry if key not in {"class", *_LISTS}), None)
    if strange is not None:
        return f"{strange!r} is no key of a concept; the keys are class, en, zh"
    found = (_phrases_problem(key, entry[key]) for key in _LISTS if key in entry)
    return next(filter(None, found), None)


def _phrases_problem(key: str, phrases: Any) -> str | None:
    """Return what is wrong with a concept's phrases in one language, and what to write."""
    if not isinstance(phrases, list):
        meant = phrases if isinstance(phrases, str) else "..."
        return f"{key!r} is {phrases!r}; write a list, {key}: [{meant}]"
    for phrase in phrases:
        if isinstance(phrase, bool):
            return f"{key!r} has a yes or no in it; put the word between quotes"
        if not isinstance(phrase, str | int | float):
            return f"{key!r} has {phrase!r} in it; write a list of words alone"
        if not str(phrase).strip():
            return f"{key!r} has an empty phrase in it; remove it"
    return None


# Territory names that are everyday words in questions.
_AMBIGUOUS = {"Jersey", "Guernsey", "Réunion", "Chad", "Turkey", "Jordan", "Georgia", "Mali"}


@cache
def _countries() -> tuple[Concept, ...]:
    """Return a place concept for each country."""
    from babel import Locale

    english, chinese = Locale("en").territories, Locale("zh").territories
    return tuple(
        Concept(
            id=f"place-{code.lower()}",
            cls=ConceptClass.PLACE,
            english=(name.lower(),),
            chinese=(chinese.get(code, name),),
        )
        for code, name in english.items()
        if len(code) == 2 and code.isalpha() and name not in _AMBIGUOUS
    )
