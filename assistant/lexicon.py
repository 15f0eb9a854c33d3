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


_GENERAL = {ConceptClass.FRAME, ConceptClass.ACTION, ConceptClass.FIGURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that people name in several ways."""

    id: str
    """E.g. ``customer-service``, or ``place-de`` for a country."""
    cls: ConceptClass
    english: tuple[str, ...]
    chinese: tuple[str, ...]


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


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file and add the countries of the world.

    Raises:
        KnowledgeError: the file is missing, is no YAML, or a concept is malformed.
    """
    import yaml

    try:
        data: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(str(path), None, f"cannot be read as UTF-8 text: {exc}") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise KnowledgeError(str(path), line, f"is not valid YAML: {exc}") from exc
    concepts = dict(_countries())
    entries = data.get("concepts") if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise KnowledgeError(str(path), None, "needs a mapping 'concepts' at the top")
    for concept_id, entry in entries.items():
        problem = _problem(entry)
        if problem:
            raise KnowledgeError(str(path), None, f"concept {concept_id!r}: {problem}")
        concepts[concept_id] = Concept(
            id=concept_id,
            cls=ConceptClass(entry["class"]),
            english=tuple(map(str, entry.get("en", ()))),
            chinese=tuple(map(str, entry.get("zh", ()))),
        )
    return Lexicon(concepts)


def _problem(entry: Any) -> str | None:
    """Return what is wrong with a concept as read, and what to write."""
    classes = ", ".join(ConceptClass)
    if not isinstance(entry, dict):
        return "write it as {class: topic, en: [...], zh: [...]}"
    if "class" not in entry:
        return f"'class' is missing; write one of {classes}"
    if entry["class"] not in list(ConceptClass):
        return f"'class' is {entry['class']!r}; write one of {classes}"
    strange = next((key for key in entry if key not in {"class", "en", "zh"}), None)
    if strange is not None:
        return f"{strange!r} is no key of a concept; the keys are class, en, zh"
    found = (_phrases_problem(key, entry[key]) for key in ("en", "zh") if key in entry)
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


def _loader() -> Any:
    """Return the C loader where PyYAML was built with it: ten times as fast."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_EXTRA_PLACES = {
    "US": (("united states", "usa", "america", "american", "us firms", "u.s."), ("美国",)),
    "GB": (("united kingdom", "uk", "britain", "british", "england"), ("英国",)),
    "CN": (("china", "chinese", "mainland china"), ("中国", "大陆", "国内")),
    "DE": (("germany", "german"), ("德国",)),
    "FR": (("france", "french"), ("法国",)),
    "JP": (("japan", "japanese"), ("日本",)),
    "KR": (("korea", "south korea", "korean"), ("韩国",)),
    "TW": (("taiwan", "taiwanese"), ("台湾",)),
    "HK": (("hong kong",), ("香港",)),
    "IN": (("india", "indian"), ("印度",)),
    "ES": (("spain", "spanish"), ("西班牙",)),
    "IT": (("italy", "italian"), ("意大利",)),
    "VN": (("vietnam", "vietnamese"), ("越南",)),
    "RU": (("russia", "russian"), ("俄罗斯",)),
    "AE": (("uae", "emirates", "dubai"), ("阿联酋", "迪拜")),
}
_REGIONS = {
    "eu": (("eu", "europe", "european union", "european"), ("欧盟", "欧洲")),
    "africa": (("africa", "african"), ("非洲",)),
    "asia": (("asia", "asian", "southeast asia"), ("亚洲", "东南亚")),
    "latin-america": (("latin america", "south america"), ("拉丁美洲", "拉美", "南美")),
    "middle-east": (("middle east",), ("中东",)),
    "world": (("worldwide", "globally", "around the world"), ("全球", "全世界")),
    "cities": (
        ("shanghai", "beijing", "shenzhen", "london", "paris", "berlin", "new york", "tokyo"),
        ("上海", "北京", "深圳", "广州", "杭州", "伦敦", "巴黎", "柏林", "纽约", "东京"),
    ),
}
# Territory names that are everyday words in questions.
_AMBIGUOUS = {"Jersey", "Guernsey", "Réunion", "Chad", "Turkey", "Jordan", "Georgia", "Mali"}


@cache
def _countries() -> tuple[tuple[str, Concept], ...]:
    """Return a place concept for each country and region."""
    from babel import Locale

    english, chinese = Locale("en").territories, Locale("zh").territories
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for code, name in english.items():
        if len(code) == 2 and code.isalpha() and name not in _AMBIGUOUS:
            found[code] = ((name.lower(),), (chinese.get(code, name),))
    found |= _EXTRA_PLACES
    found |= _REGIONS
    return tuple(
        (
            f"place-{code.lower()}",
            Concept(
                id=f"place-{code.lower()}",
                cls=ConceptClass.PLACE,
                english=names[0],
                chinese=names[1],
            ),
        )
        for code, names in found.items()
    )
