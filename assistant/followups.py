"""Follow-ups: whether a question leans on the one before, or stands alone.

Knows: the words that open a follow-up or point back, and what a whole question has: a subject, and
something said of it. Does not know how a follow-up is made whole (``conversation``). Invariant: a
question that names its own subject and asks something of it stands alone, however it opens.
"""

from __future__ import annotations

import re

from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.questions import Expect, Item, Question

BARE_ITEMS = 1
"""Content items up to which an unmarked question may be a follow-up ("why?", "talent?")."""
ORDINARY = 0.5
"""Weight up to which a plain word is an ordinary one."""

NOT_CARRIED = {ConceptClass.FIGURE, ConceptClass.FRAME}
"""Classes that no follow-up borrows: every question here is about them."""

_OPENED = re.compile(
    r"^\s*(ok(ay)?[, ]+)?(and|but|also|so|or|then|what about|how about|what of|same for)\b"
    r"|^\s*(那|还有|另外|以及|然后|而|再|换成|至于|好的?[，,]?那)",
    re.IGNORECASE,
)
# "that" points back at the start or behind a word of grammar; elsewhere it joins two clauses.
_BACK = re.compile(
    r"\b(it|its|they|them|their|those|these|this|this one|the same|the other|the second|the first|the former|the latter)\b"
    r"|(^|\b(is|was|are|were|does|did|do|of|about|for|with|by|in|on|at|like|than|why|how|when|from|to|and|or|but|can|will|would|could|should) )that\b"
    r"|它|他们|它们|这个|那个|这些|那些|其中|前者|后者|(?<![应活])该(?!怎|不|如何|从)",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(what|which|who|how|why|when|where|is|are|was|were|do|does|did|can|could|should|will|would|have|has|tell|list|give|show|explain|compare)\b(?! about\b| of\b)"
    r"|\btell me about\b|什么|怎么(?!样)|如何|为何|为啥|多少|几|哪|谁|吗|是否|能不能|要不要|讲讲|说说|介绍|该"
)
_AI = re.compile(r"(?<![a-z])ai(?![a-z])|artificial intelligence|人工智能|智能化")
_DEFINED = re.compile(
    r"^(what('s| is| are) (?!the\b|it\b|its\b|that\b|this\b|their\b|our\b|my\b|your\b)|define )"
    r"|^什么(是|叫)|(是|叫)什么(意思|东西)?$"
)
_PLAIN_WHOLE = re.compile(r"怎么样|如何$")

_ASKED = {
    Expect.MONEY: "@cost",
    Expect.DURATION: "@duration",
    Expect.WHO: "@author",
    Expect.LIST: "@scenario",
    Expect.SHARE: "@adopt",
    Expect.REASONS: "@reason",
}
"""The concept that such a question asks for: it is no subject."""
_TOLD = {Expect.FACT, Expect.OVERVIEW, Expect.WHO}
"""Kinds of question that are whole with a subject alone."""
_ASPECTS = {
    *{"@cost", "@duration", "@average", "@scenario", "@author", "@productivity", "@failure"},
    *{"@uncertainty", "@competitors", "@earlier", "@pilot", "@scaled", "@installation", "@jobs"},
}
"""Topics that are always those of something: "the risks" are of what was spoken of."""
_SUBJECTS = {
    ConceptClass.FUNCTION,
    ConceptClass.SECTOR,
    ConceptClass.TECHNOLOGY,
    ConceptClass.ORGANISATION,
    ConceptClass.BARRIER,
}


def stands_alone(text: str, question: Question) -> bool:
    """Return whether a question needs nothing from the one before.

    Args:
        text: as typed.
        question: the same, read.
    """
    plain = " ".join(normalise(text).split()).strip(" ?？。.!！")
    named = [item for item in question.items if item.cls not in NOT_CARRIED and says(item)]
    if _points_back(plain, question):
        return False
    if _DEFINED.search(plain) and named:
        return True
    whole = bool(_WHOLE.search(plain))
    subjects = [item for item in named if _is_subject(item, question)]
    if whole and _names_all(plain, question) and (named or question.expects is not Expect.FACT):
        return True
    if _OPENED.search(text):
        several = len(named) > BARE_ITEMS and bool(subjects)
        return whole and several
    if len(named) > BARE_ITEMS:
        return True
    if not question.items:
        return question.expects is Expect.FACT
    if question.expects not in _TOLD:
        return False
    unknown = any(item.cls is None for item in subjects)
    certain = any(
        item.cls in _SUBJECTS or (item.cls is ConceptClass.TOPIC and item.key not in _ASPECTS)
        for item in subjects
    )
    return (whole and (unknown or certain)) or (unknown and bool(_PLAIN_WHOLE.search(plain)))


def says(item: Item) -> bool:
    """Whether an item is more than an ordinary word."""
    return item.cls is not None or item.weight > ORDINARY


def _is_subject(item: Item, question: Question) -> bool:
    """Whether an item can be what a question is about: no place, no measure, not what is asked."""
    if item.cls in {ConceptClass.PLACE, ConceptClass.MEASURE, ConceptClass.ACTION}:
        return False
    return item.key != _ASKED.get(question.expects)


def _names_all(plain: str, question: Question) -> bool:
    """Whether firms and AI are both named: "how many SMEs use AI"."""
    keys = {item.key for item in question.items}
    return bool(keys & {"@sme", "@company"} and _AI.search(plain))


def _points_back(plain: str, question: Question) -> bool:
    """Whether a word points back at something that the question itself has not named before."""
    found = _BACK.search(plain)
    if found is None:
        return False
    before = plain[: found.start()]
    return not any(
        says(item) and _is_subject(item, question) and item.text in before
        for item in question.items
        if item.cls not in NOT_CARRIED
    )
