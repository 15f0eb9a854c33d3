"""Background: what a text tells before or behind what it asks.

Knows: the sentences of a text, which of them ask, and how people tell of themselves. Does not know
what words mean. Invariant: nothing of a text is lost: it asks or it tells.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from assistant.clauses import ASKS_CLAUSE
from assistant.smalltalk import ASKS

_SENTENCE = re.compile(r"[^.?!。？！;；]+(?:[.](?=\w)[^.?!。？！;；]+)*[.?!。？！;；]*")
_HAN_CLAUSE = re.compile(
    r"(?:[^,，?？!！]|(?<![\u4e00-\u9fff])[,，](?![\u4e00-\u9fff]))+[,，?？!！]*"
)
_REQUEST = re.compile(
    rf"{ASKS_CLAUSE.pattern}"
    r"|^(?:please )?(?:tell me|list|show|give|explain|describe|compare)\b"
    r"|^(?:请)?(?:讲讲|介绍|说说|列出)"
)
LONG_SENTENCE = 25
"""Characters from which a Chinese sentence of several clauses tells and asks."""
# "I run a small bakery and", "HR manager here:", "我开了一家面馆，"
_ASKER = re.compile(
    r"\b(as (a|an|the)\b"
    r"|(i|we|my|our)( am|'m| are|'re| run| own| have| manage| work (in|at|for)))\b"
    r"[^,.;:?!]{0,80}?(,|:|;| and (?=have|need|want|would|how|what|where)|\bhere\b)"
    r"|^[\w ]{2,30} here\b[,:. ]*"
    r"|(我是|我们是|我开|我们开|我经营|我做|我们做|我家|我们公司是|作为)[^，,。？?]{0,30}[，,]"
)
# "..., we are a 12 person print shop", "..., 我们是12个人的印刷厂"
_ASKER_LAST = re.compile(
    r"[,;:]\s*("
    r"(i|we|my|our)( am|'m| are|'re| run| own| have| manage| make| sell| work (in|at|for))\b"
    r"|i'm\b|\d+ (people|ppl|staff|employees))[^?!]{0,80}$"
    r"|[，,；;]\s*"
    r"(我是|我们是|我开|我们开|我经营|我做|我们做|我家|我们公司|我们有|在)[^？?]{0,30}$"
)
_POINTS_BACK = re.compile(
    r"^(?:\S+ ){0,4}(?:this(?! (?:year|month|week|time|kind of)\b)|these|those|them|they|such)\b"
    r"(?! (?:\w+ )?(?:firms?|companies)\b)"
    r"|^that\b|^(?:is|was|does|did|can|could|will|would|should|may) (?:it|that)\b"
    r"|\b(?:do|doing|done|did|about|like|with|for|of|than|call) (?:that|it)\b"
    r"(?=\W*$|,| (?:if|with|and)\b)"
    r"|^.{0,6}(?:这(?![里边家个]|种?比例|一?[年月周])|那(?!么多)|它|他们)"
)
"""A question about what was said before it."""


class Split(NamedTuple):
    """A text, taken apart."""

    asked: str
    told: str
    cut: bool
    """Whether it is one long Chinese sentence, whose clauses are taken for sentences."""
    sentences_told: tuple[str, ...]
    """Those that are told as a whole, in order."""


def points_back(core: str) -> bool:
    """Whether what is asked means what was said before it ("is that normal?")."""
    return _POINTS_BACK.search(core) is not None


def sentences_of(plain: str) -> tuple[list[str], bool]:
    """Return the sentences of a text, and whether it is but one long Chinese one: its clauses."""
    sentences, clauses = (
        [part for part in pattern.findall(plain) if part.strip()]
        for pattern in (_SENTENCE, _HAN_CLAUSE)
    )
    cut = len(sentences) == 1 and len(plain) >= LONG_SENTENCE and len(clauses) > 2
    return clauses if cut else sentences, cut


def split_background(plain: str) -> Split:
    """Return what a text asks, and what it says about the asker or before asking."""
    sentences, cut = sentences_of(plain)
    asking = [part for part in sentences if part.rstrip().endswith(("?", "？"))]
    plainly = [part for part in sentences if _REQUEST.search(part.strip())]
    if not asking or cut:
        # What begins as a question does, else what holds a word that asks.
        asking = [part for part in sentences if part in {*asking, *plainly}]
        asking = asking or [part for part in sentences if ASKS.search(part)] or sentences
    elif sentences[-1] not in asking and sentences[-1] in plainly:
        # "Is there such a thing? and what should I ask him"
        asking = [*asking, sentences[-1]]
    told = [part for part in sentences if part not in asking]
    whole = tuple(map(str.strip, told))
    core = " ".join(asking)
    for pattern in (_ASKER, _ASKER_LAST):
        asker = pattern.search(core)
        rest = f"{core[: asker.start()]} {core[asker.end() :]}" if asker else ""
        if asker and rest.strip(" ,，。?？"):
            told.append(asker.group())
            core = rest
    return Split(core, " ".join(told), cut, whole)
