"""What a question asks: its concepts and words, the kind of answer it expects, its constraints.

Knows: which part of a text asks and which tells of the asker. Does not know any passage. Invariant:
a question is data about a text; reading it never fails, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from assistant.background import points_back, split_background
from assistant.coordination import Division, Named, divisions
from assistant.expectations import Expect, expected
from assistant.figures import Figure, FigureKind, find_figures
from assistant.frequency import WordFrequency
from assistant.language import detect_language
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.schema import Language
from assistant.smalltalk import Intent, intent_of
from assistant.terms import Analyser

__all__ = ["Expect", "Intent", "Item", "Question", "QuestionReader"]

QUESTIONS_KEPT = 256
"""Questions that stay read."""
LONGEST_INITIALS = 3
"""Letters of a name that may be initials ("uk", "dpd") rather than a word to write with a capital."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a question names."""

    key: str
    """A term: ``@concept``, an English stem or a Chinese word."""
    cls: ConceptClass | None
    """Class of a concept; None for a plain word."""
    text: str
    """As it stands in the normalised question."""
    weight: float = 1.0
    """How much a plain word says, in (0, 1]: ordinary words say little."""

    @property
    def specific(self) -> bool:
        """Whether evidence has to name it too."""
        return self.cls is not None and self.cls.specific

    @property
    def own(self) -> bool:
        """Whether it is a place or a name, for which nothing else can stand."""
        return self.cls is not None and self.cls.own


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, read."""

    text: str
    core: str
    """What is asked, without what is said about the asker; the text, normalised, if that is all."""
    general: str
    """The core without the kind of firm it is for, where it asks for advice; the core else."""
    leans: bool
    """Whether it can only be understood by what is told before it ("is that normal?")."""
    windows: tuple[str, ...]
    """What is asked with one of the telling sentences beside it, the nearest first."""
    divisions: tuple[Division, ...]
    """The ways to take it apart into the questions it joins; empty if it is one."""
    language: Language
    intent: Intent
    expects: Expect
    items: tuple[Item, ...]
    """Outermost concepts and the remaining content words."""
    figures: tuple[Figure, ...]
    """Figures the question asserts, years left out."""
    years: tuple[int, ...]
    wants_more: bool
    """Whether a longer answer is asked for."""
    wants_each: bool
    """Whether more than one figure or thing is asked for."""

    def as_typed(self, item: Item) -> str:
        """Return how the asker wrote an item, for telling them; as normalised if that is lost."""
        typed = " ".join(self.text.split())
        at = typed.lower().find(item.text)
        same_length = at >= 0 and len(typed.lower()) == len(typed)
        written = typed[at : at + len(item.text)] if same_length else item.text
        written = written.removesuffix("'s")
        named = item.own and written.islower()
        return written.title() if named and len(written) > LONGEST_INITIALS else written


_FIRM = (
    r"(company|firm|business|shop|store|restaurant|caf[eé]|bakery|salon|practice|clinic|office|agency"
    r"|studio|farm|hotel|workshop|factory|garage|charity|club|school|nursery|team|start-?up)"
)
# "for a 6 person plumbing company", "in our family bakery"
_FOR_WHOM = re.compile(
    rf"\b(for|in|at) (a|an|my|our|us|small|any)\b([^?!.,;]{{0,60}}?\b{_FIRM}\b)?(?= *[?!.]*$)"
    r"|^(?:我们|我|咱们)?(?:是)?(?:一?[家个间])?[\u4e00-\u9fff]{1,8}?"
    r"(?:店|馆|厂|公司|事务所|诊所|酒店|民宿|工作室|作坊|农场|养殖场|学校|机构)(?=能|可以|该|要|应|怎|用|有必要|值|适)"
)
_ADVICE = {Expect.FACT, Expect.STEPS, Expect.LIST, Expect.REASONS}
"""What may be answered for every firm when nothing is said on the asker's kind."""
BACKGROUND_WEIGHT = 0.15
"""Weight of what is said beside the question."""
MOST_WINDOWS = 3
"""Sentences told before a question that are looked up with it, one at a time."""
TOLD_WEIGHT = 0.7
"""The same of the things named there, where the question is about what was told."""
_MORE = re.compile(
    r"\b(in detail|detailed|more detail|explain (fully|more)|elaborate|everything|full (answer|report|story)|long answer|tell me more|more about)\b|详细|具体说|展开|全部|完整|多说|细说|更多"
)

# "a 2009-era ERP", "Windows Server 2012", "服务器是2019年的"
_OF_A_THING = re.compile(
    r"\b\d{4}[- ](?:era|model|vintage|version)\b"
    r"|\b(?:windows(?: server)?|sql server|autocad|(?:microsoft|ms) (?:office|excel|word)) \d{4}\b"
    r"|(?:服务器|电脑|系统|设备|软件|机器|主机)[^,，。?？]{0,6}是\d{4}年|\d{4}年?[款版]|\d{4}年(?:买|装|配|产)的"
)
_EACH = re.compile(
    r"\b(each|both|respectively|before and after)\b|\b(how|what|who|when|which)\b.*\band (how|what|who|when|which|the)\b"
    r"|各(?![个种类地国州])|分别|前后|从多少|多少.+多少|呢[?？]?$"
)


class Naming(Protocol):
    """Which words are names."""

    @property
    def edition(self) -> Hashable:
        """What changes when they do."""

    def __contains__(self, word: object) -> bool:
        """Whether a lower-case word is a name that the index has."""

    def strangers(self, text: str) -> frozenset[str]:
        """Return the words of a text, lower-case, that look like names the index lacks."""


class _NoNames:
    edition = None

    def __contains__(self, word: object) -> bool:
        return False

    def strangers(self, text: str) -> frozenset[str]:
        return frozenset()


class QuestionReader:
    """Reads questions with one analyser. Safe to share between threads."""

    def __init__(
        self, analyser: Analyser, frequency: WordFrequency, names: Naming | None = None
    ) -> None:
        """Take the index's analyser, what knows ordinary words, and the names in the index."""
        self._analyser = analyser
        self._frequency = frequency
        self._names: Naming = names or _NoNames()
        # A question is read by whoever makes it standalone, looks for an answer and writes it.
        self._read = lru_cache(maxsize=QUESTIONS_KEPT)(self._reading)

    def read(self, text: str) -> Question:
        """Read a question; whatever the text, something sensible comes back."""
        return self._read(text, self._names.edition)

    def _reading(self, text: str, _edition: Hashable) -> Question:
        plain = " ".join(normalise(text).split())
        language = detect_language(text)
        found = find_figures(plain, language)
        items = self._items(plain, found, self._names.strangers(text))
        split = split_background(plain)
        asks, told = " ".join(split.asked.split()) or plain, " ".join(split.told.split())
        leans = bool(told) and self._leans(asks)
        # "In India, a firm of ten, is there any help?" says in the same sentence of which place.
        bound = split.cut and any(it.own for it in self._things(told, ()).values())
        core = plain if leans or bound else asks
        expects = expected(plain)
        return Question(
            text=text,
            core=core,
            general=self._general(core, expects) if expects in _ADVICE else core,
            windows=() if bound else self._windows(split.sentences_told, asks),
            leans=leans,
            divisions=_with_background(
                told,
                divisions(asks, [Named(it.text, str(it.cls)) for it in items if it.own]),
            ),
            language=language,
            intent=_intent(plain, items),
            expects=expects,
            items=items,
            figures=tuple(f for f in found if f.kind in _ASSERTED),
            years=_years(plain, found),
            wants_more=bool(_MORE.search(plain)),
            wants_each=bool(_EACH.search(plain)),
        )

    def _items(
        self, plain: str, figures: Sequence[Figure], strangers: Container[str]
    ) -> tuple[Item, ...]:
        """Return the outermost concepts, then the words that no concept covers.

        Asserted figures are left out: a wrong one must not keep the right evidence away.
        """
        asserted = sorted((f.start, f.end) for f in figures if f.kind in _ASSERTED)
        for start, end in reversed(asserted):
            plain = plain[:start] + " " + plain[end:]
        core, background, cut, _ = split_background(plain)
        items = self._things(core, strangers)
        if items:
            # Who asks, and what was said before the question, may help but must not decide.
            leans = bool(background) and self._leans(core)
            for key, item in self._things(background, ()).items():
                if cut and item.own:
                    items.setdefault(key, item)
                    continue
                asked = leans and item.specific
                weight = TOLD_WEIGHT if asked else BACKGROUND_WEIGHT
                items.setdefault(key, replace(item, cls=None, weight=weight))
        else:
            items = self._things(plain, strangers)
        return tuple(items.values())

    def _windows(self, sentences: Sequence[str], asks: str) -> tuple[str, ...]:
        """Return what is asked with each of the sentences told that tells, the nearest first."""
        telling = [
            part
            for part in reversed(sentences)
            if any(it.specific or it.key == "@ai" for it in self._things(part, ()).values())
        ]
        return tuple(f"{part} {asks}" for part in telling[:MOST_WINDOWS] if len(sentences) > 1)

    def _leans(self, core: str) -> bool:
        """Whether what is asked can only be understood by what was told ("is that normal?")."""
        return points_back(core) or not any(it.specific for it in self._things(core, ()).values())

    def _general(self, core: str, expects: Expect) -> str:
        """Return a core for any firm; the core where a place or a name says which ones are meant."""
        whom = _FOR_WHOM.search(core)
        rest = f"{core[: whom.start()]} {core[whom.end() :]}" if whom else ""
        left = self._things(rest, ()).values()
        asks = expects is Expect.STEPS or any(it.cls is not ConceptClass.FRAME for it in left)
        if whom is None or not left or not asks:
            return core
        named = self._things(whom.group(), self._names.strangers(whom.group())).values()
        fixed = {ConceptClass.PLACE, ConceptClass.ORGANISATION, ConceptClass.TECHNOLOGY}
        return core if any(item.cls in fixed for item in named) else " ".join(rest.split())

    def _things(self, plain: str, strangers: Container[str]) -> dict[str, Item]:
        """Return what a text names, by key."""
        covered: set[int] = set()
        items: dict[str, Item] = {}
        for hit in self._analyser.outermost(plain):
            covered.update(range(hit.start, hit.end))
            phrase = self._analyser.surface(plain, hit.start, hit.end)
            items[f"@{hit.id}"] = Item(key=f"@{hit.id}", cls=hit.cls, text=phrase)
        for key, word in self._analyser.words_outside(plain, covered):
            weight = self._frequency.weight(word)
            bare = word.removesuffix("'s")
            named = bare in self._names or bare in strangers
            cls = ConceptClass.ORGANISATION if named else None
            items.setdefault(key, Item(key=key, cls=cls, text=word, weight=weight))
        return items


def _years(plain: str, figures: Sequence[Figure]) -> tuple[int, ...]:
    """Return the years asked about, without those that a thing of the asker's is of."""
    found = (f for f in figures if f.kind is FigureKind.YEAR)
    of_things = [thing.span() for thing in _OF_A_THING.finditer(plain)]
    asked = (f for f in found if not any(a <= f.start < b for a, b in of_things))
    return tuple(sorted({int(f.low) for f in asked}))


def _with_background(told: str, ways: Sequence[Division]) -> tuple[Division, ...]:
    """Return divisions whose parts each come after what was told before the question."""
    told = told.rstrip(" ,.;:!，。；：！")
    if not told:
        return tuple(ways)
    return tuple(tuple(f"{told}. {part.rstrip('?？')}?" for part in way) for way in ways)


_ASSERTED = {
    FigureKind.PERCENT,
    FigureKind.MONEY,
    FigureKind.MULTIPLE,
    FigureKind.POINTS,
}
"""Kinds of figures a question may assert; a count is as a rule the asker's own ("we are 15")."""


def _intent(plain: str, items: Sequence[Item]) -> Intent:
    classes = {item.cls for item in items}
    return intent_of(
        plain,
        substance=bool(classes - {None, ConceptClass.FRAME}),
        specific=any(cls is not None and cls.specific for cls in classes),
    )
