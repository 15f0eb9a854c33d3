"""Polarity: words that turn a sentence round, in English and Chinese.

Knows: negations, directions of change and comparison, and words of advice. Does not know passages
or figures. Invariant: a text never conflicts with itself.
"""

from __future__ import annotations

import re
from enum import StrEnum

_NEGATION = re.compile(
    r"\b(not|no|never|none|nobody|nothing|neither|nor|without|hardly|false|untrue|cannot|\w+n't)\b"
    r"|并非|没有|没(?!收)|未(?!来)|无(?!论|人机)|不(?!到|足|少|同|仅|断|过|超|低于|高于|少于|多于)|非(?!常)",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(should|must|ought to|needs? to|has to|have to|required to|recommended?|advis\w+)\b"
    r"|应当|应该|应(?!用|聘|对|急)|必须|需要|务必|建议|不得|不能",
    re.IGNORECASE,
)
# Pairs of opposites; a sentence with words of one side only says the opposite of one with words of
# the other only.
_OPPOSITES = tuple(
    (re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE))
    for one, other in (
        (
            r"\b(rose|rise[sn]?|rising|increas\w+|grew|grow[sn]?|growing|growth"
            r"|climb\w*|up from|gain(ed|s)?)\b"
            r"|上升|增长|增加|提高|提升|上涨",
            r"\b(fell|falls?|fallen|falling|decreas\w+|declin\w+|dropp?\w*|shr[aiu]nk\w*"
            r"|down from|lost|cut)\b"
            r"|下降|减少|降低|下跌|缩减",
        ),
        (
            r"\b(more|higher|larger|greater|faster|better|above|over|at least|exceed\w*)\b"
            r"|高于|多于|超过|更(多|高|快|好|大)|以上|至少",
            r"\b(less|fewer|lower|smaller|slower|worse|below|under|at most|up to)\b"
            r"|低于|少于|不足|更(少|低|慢|差|小)|以下|至多|最多",
        ),
        (r"\bbefore\b|之前|以前", r"\bafter\b|之后|以后"),
        (r"\b(most|majority)\b|大多数|多数", r"\b(few|minority)\b|少数"),
        (
            r"\b(allow(s|ed)?|permit\w*|legal)\b|允许|合法",
            r"\b(forb\w+|ban(s|ned)?|prohibit\w*|illegal)\b|禁止|违法|非法",
        ),
        (r"\b(won|succe\w+)\b|胜诉|成功", r"\b(lost|fail\w*)\b|败诉|失败"),
    )
)


class Conflict(StrEnum):
    """How a sentence and its evidence differ."""

    NEGATION = "negation"
    DIRECTION = "direction"
    ADVICE = "advice"
    """Advice where the evidence tells a fact."""


def is_negative(text: str) -> bool:
    """Whether a text denies what it would say without its negations: an odd number of them."""
    return len(_NEGATION.findall(text)) % 2 == 1


def conflict(claim: str, evidence: str) -> Conflict | None:
    """Return how a claim turns round what its evidence says, None when it does not."""
    if is_negative(claim) != is_negative(evidence):
        return Conflict.NEGATION
    for one, other in _OPPOSITES:
        for side, opposite in ((one, other), (other, one)):
            only = side.search(claim) and not opposite.search(claim)
            if only and opposite.search(evidence) and not side.search(evidence):
                return Conflict.DIRECTION
    if _ADVICE.search(claim) and not _ADVICE.search(evidence):
        return Conflict.ADVICE
    return None
