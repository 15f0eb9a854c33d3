"""Statements: what stands in each sentence of an excerpt, whatever is asked.

Knows: how an excerpt is cut into the sentences that may be quoted, and what each names, measures
and says about its place. Does not know questions nor scores (``evidence``). Invariant: depends on
the excerpt's own words alone, so that it is read once and kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.figures import Figure, FigureKind, find_figures
from assistant.markdown import quotable_spans
from assistant.prompting import Excerpt
from assistant.signals import overlength
from assistant.terms import Analyser

EXCERPTS_KEPT, QUESTIONS_KEPT = 2048, 8192

_ITEM = re.compile(r"(^|\n)\s*(?:[-*+]|\d{1,3}[.)])\s+\Z")
# Denied must be the telling itself: "named by 31% of firms that had not started" tells something.
_TELL = r"(?:say|state|give(?! up)|name|disclose|mention|report|publish|reveal|specif)"
_TOLD = r"(?:stated|disclosed|given(?! up)|named|known|published|reported|told|said)"
_NOT_STATED = re.compile(
    rf"\b(?:does|do|did|has|have)(?: not|n't)(?: \w+)?? {_TELL}\w*"
    r"|\b(?:gives?|gave|named?s?|stated?s?|publishe[sd]|mentions?) (?:no|neither|nothing|not)\b"
    rf"|\b(?:is|are|was|were|been)(?: not|n't)(?: \w+)?? {_TOLD}\b|\bundisclosed\b|\bunstated\b"
    r"|\b(?:but|and) not the \w+ \w+\.?$"
    r"|(?:没有|并未|未|没)(?:能|作|做)?(?:具体|明确|进一步)?"
    r"(?:说明|给出|披露|提供|注明|列出|公布|点名|提及|指明|提到|写明|写|说)(?!.*(?:的是|而是))",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"(?:do not|don't|never|[^.]{0,40}\bshould not)\b|不要|别|切勿|请勿|FirstPilot", re.IGNORECASE
)
"""How a sentence begins that tells what not to do, or what FirstPilot is not."""
_NO_SURVEY = re.compile(
    r"names? no (?:survey|sample)"
    r"|(?:没有|未)(?:写明|说明|注明|点名|给出|写)(?:任何)?(?:调查|样本|[与和]哪一?年)",
    re.IGNORECASE,
)
"""What is added to a figure, for care; the sentence states the figure all the same."""
_STANDS_FOR = {
    FigureKind.PERCENT: "@share",
    FigureKind.MONEY: "@cost",
    FigureKind.DURATION: "@duration",
}
"""The concept that a figure stands for without naming it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence of an excerpt, cut into terms and figures."""

    order: int
    """Place among its excerpt's sentences, from 0."""
    start: int
    """Offset in the excerpt's text."""
    text: str
    keys: frozenset[str]
    """Terms and concepts of the sentence, with the places around the places it names."""
    named: frozenset[str]
    """The same with those of the title and headings above it."""
    innermost: frozenset[str]
    """Those of the named that are not there just because they lie around another one."""
    figures: tuple[Figure, ...]
    listed: bool
    """Whether it is an item of a list."""
    not_stated: bool
    """Whether it says that something is not stated."""
    overlength: float
    """How much longer it is than comfortable, in comfortable lengths."""


class StatementReader:
    """Reads excerpts, each once."""

    def __init__(self, analyser: Analyser) -> None:
        """Take the index's analyser."""
        self._analyser = analyser
        self._read = lru_cache(maxsize=EXCERPTS_KEPT)(self._statements)
        self.question_keys = lru_cache(maxsize=QUESTIONS_KEPT)(self._keys)

    def read(self, excerpt: Excerpt) -> tuple[Statement, ...]:
        """Return the sentences of an excerpt that may be quoted, in order."""
        around = excerpt.title, excerpt.geography, excerpt.publisher
        return self._read("\n".join(around), excerpt.section, excerpt.text)

    def _statements(self, around: str, section: str, passage: str) -> tuple[Statement, ...]:
        frame = self._frame(around, section)
        return tuple(
            self._statement(passage, order, start, end, frame)
            for order, (start, end) in enumerate(quotable_spans(passage))
        )

    def _statement(
        self, passage: str, order: int, start: int, end: int, frame: frozenset[str]
    ) -> Statement:
        text = passage[start:end]
        figures = tuple(find_figures(text))
        keys = self._keys(text) | _stood_for(figures)
        named = keys | frame
        return Statement(
            order=order,
            start=start,
            text=text,
            keys=keys,
            named=named,
            innermost=named - self._analyser.containers(named),
            figures=figures,
            listed=bool(_ITEM.search(passage, max(0, start - 6), start)),
            not_stated=_not_stated(text, figures),
            overlength=overlength(text),
        )

    def _frame(self, around: str, section: str) -> frozenset[str]:
        """Return the terms that hold for every sentence of an excerpt.

        A document on several places says nothing about which of them a sentence is about, unless
        one holds the others.
        """
        terms = set(self._analyser.terms(around))
        places = {key for key in terms if key.startswith("@place-")}
        outermost = {place for place in places if not self._analyser.containers([place]) & places}
        if len(outermost) > 1:
            terms -= places
        terms |= self._analyser.containers(terms & places)
        return frozenset(terms | self._keys(section))

    def _keys(self, text: str) -> frozenset[str]:
        """Return the terms of a text, with the places that hold the places it names."""
        terms = self._analyser.terms(text)
        return self._analyser.containers(terms) | frozenset(terms)


def _not_stated(text: str, figures: Sequence[Figure]) -> bool:
    """Whether a sentence says that something is not stated."""
    if _ADVICE.match(text) or not _NOT_STATED.search(text):
        return False
    measured = any(figure.kind in _STANDS_FOR for figure in figures)
    return not (measured and _NO_SURVEY.search(text))


def _stood_for(figures: Sequence[Figure]) -> frozenset[str]:
    """Return the concepts that figures stand for without naming them."""
    return frozenset(_STANDS_FOR[it.kind] for it in figures if it.kind in _STANDS_FOR)
