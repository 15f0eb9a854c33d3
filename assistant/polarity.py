"""Polarity: words that turn a sentence round, in English and Chinese.

Knows: negations and what they deny, directions of change and comparison, order in time, hedges and
words of advice. Does not know passages or figures. Invariant: a text never conflicts with itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|hardly|barely|false|untrue|cannot|\w+n['’]t)\b"
    r"|并非|没有|没(?!收)|未(?!来|知数|必)|无(?!论|人机|线|形|锡)|不(?!到|足|少|同|仅|断|过|超|久|妨|但|管|论|高于|低于|少于|多于|良|当竞争)"
    r"|非(?!常|洲|公|营利|结构)|勿|别(?=再|把|让|用|信|忘)|拒绝|否认",
    re.IGNORECASE,
)
# "no longer", "not only" and "no more than" do not deny what follows.
_NO_NEGATION = re.compile(
    r"\b(?:not only|not just|no more than|no less than|no later than|nothing but|no doubt|whether or not)\b"
    r"|不仅|不只|不光|是不是|有没有|能不能|是否|差不多|不得不|无不",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:should|must|ought to|needs? to|has to|have to|required to|recommended?|advis\w+)\b"
    r"|应当|应该|应(?!用|聘|对|急)|必须|需要|务必|建议|不得|不能",
    re.IGNORECASE,
)
# An order tells what to do as well ("Check every figure.").
_HEDGE = re.compile(
    r"\b(?:may|might|could|possibly|perhaps|likely|probably|seems?|appears?|suggests?|sometimes|often|usually|tends? to)\b"
    r"|可能|或许|也许|大概|似乎|往往|通常|有时",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:all|every|always|only|entire(?:ly)?|each|any|first|largest|best|worst|never|exclusively|solely)\b"
    r"|全部|所有|每个|总是|只有|仅|唯一|首个|最大|最好|从不|都",
    re.IGNORECASE,
)
# Pairs of opposites.
_OPPOSITES = tuple(
    (re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE))
    for one, other in (
        (
            r"\b(?:rose|rise[sn]?|rising|rais\w+|increas\w+|grew|grow[sn]?|growing|growth|climb\w*|up from"
            r"|gain(?:ed|s)?|improv\w+|boost\w*|expand\w*|doubl\w+|tripl\w+|longer|higher|more|larger|greater"
            r"|faster|better|bigger|stronger|dearer|costs an extra|worth more)\b"
            r"|上升|增长|增加|提高|提升|上涨|增至|升至|升到|增产|翻一番|翻番|扩大|改善|更[多高快好大强长贵]|延长|变[多高快好大强]|多花|加快",
            r"\b(?:fell|falls?|fallen|falling|decreas\w+|declin\w+|dropp?\w*|shr[aiu]nk\w*|down from|lost|cut|cuts"
            r"|reduc\w+|sav(?:e|es|ed|ing)|worsen\w*|halv\w+|shorter|lower|less|fewer|smaller|slower|worse"
            r"|weaker|cheaper|lower\w*)\b"
            r"|下降|减少|降低|下跌|缩减|降至|降到|减产|减半|缩小|恶化|更[少低慢差小弱短]|更便宜|缩短|变[少低慢差小弱]|节省|节约|省下|省了|放慢",
        ),
        (
            r"\b(?:more than|higher than|greater than|above|over(?= (?:\d|half|a ))|at least|exceed\w*|or more|upwards of)\b"
            r"|高于|多于|超过|逾|以上|至少|不低于|不少于|突破",
            r"\b(?:less than|fewer than|lower than|below|under(?= (?:\d|half|a ))|at most|or less|or fewer|up to)\b"
            r"|低于|少于|不足|不到|以下|至多|最多|以内|不超过|不高于",
        ),
        (r"\b(?:before|earlier|prior to)\b|之前|以前|早于|此前", r"\b(?:after|later|following)\b|之后|以后|晚于|此后|随后"),
        (
            r"\b(?:most|majority|many|maximum|highest|largest|best|longest|cheapest|fastest)\b|大多数|多数|最高|最大|最好|最多|最快|最长",
            r"\b(?:few|minority|minimum|lowest|smallest|worst|shortest|dearest|slowest)\b|少数|最低|最小|最差|最少|最慢|最短",
        ),
        (
            r"\b(?:allow(?:s|ed)?|permit\w*|legal|may)\b|允许|合法|可以",
            r"\b(?:forb\w+|ban(?:s|ned)?|prohibit\w*|illegal)\b|禁止|违法|非法",
        ),
        (r"\b(?:won|succe\w+)\b|胜诉|成功", r"\b(?:lost|fail\w*)\b|败诉|失败"),
        (r"\b(?:accept\w*|agree\w*|approv\w+)\b|接受|同意|批准", r"\b(?:reject\w*|refus\w+|disagree\w*|den(?:y|ies|ied))\b|拒绝|反对|驳回"),
        (r"\b(?:start\w*|began|begin\w*|open\w*|launch\w*)\b|开始|启动|上线|开放", r"\b(?:stop\w*|end(?:s|ed)?|clos\w+|cancel\w*|abandon\w*)\b|停止|结束|关闭|取消|叫停|停用"),
        (r"\b(?:buy\w*|bought|hir(?:e|es|ed|ing))\b|购买|雇用|招聘", r"\b(?:sell\w*|sold|fir(?:e|es|ed|ing)|dismiss\w*)\b|出售|解雇|裁员"),
        (r"\b(?:easy|easier|simple|safe|strong|positive|cheap|possible|happy|true)\b|容易|简单|安全|便宜", r"\b(?:hard|harder|difficult|complex|unsafe|dangerous|weak|negative|expensive|impossible|unhappy|false)\b|困难|复杂|危险|昂贵"),
        (r"\b(?:agree\w*|support\w*|with)\b|支持|有助于", r"\b(?:oppos\w+|against|without)\b|反对|无助于"),
        (r"\b(?:inside|internal|include[sd]?|including)\b|包括|内部", r"\b(?:outside|external|exclude[sd]?|excluding|except)\b|不包括|外部|除外"),
    )
)  # fmt: skip
CERTAIN = 5
"""How many of the pairs, from the first, are opposites whatever else a sentence says."""


class Conflict(StrEnum):
    """How a sentence and its evidence differ."""

    NEGATION = "negation"
    DIRECTION = "direction"
    ADVICE = "advice"
    """Advice where the evidence tells a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The words of a text that turn it round."""

    negations: int
    opposites: tuple[tuple[int, int], ...]
    """For each pair of opposites, how often one side and the other stand there."""
    advice: bool
    hedges: int
    totals: int
    """Words such as all, only, first."""


@lru_cache(maxsize=8192)
def turns_of(text: str) -> Turns:
    """Return the words of a text that turn it round."""
    plain = _NO_NEGATION.sub(" ", text)
    return Turns(
        negations=len(_NEGATION.findall(plain)),
        opposites=tuple(
            (len(one.findall(plain)), len(other.findall(plain))) for one, other in _OPPOSITES
        ),
        advice=_ADVICE.search(text) is not None,
        hedges=len(_HEDGE.findall(text)),
        totals=len(_ALL.findall(text)),
    )


def is_negative(text: str) -> bool:
    """Whether a text denies what it would say without its negations: an odd number of them."""
    return turns_of(text).negations % 2 == 1


def reversals(claim: str, evidence: str, pairs: int | None = None) -> int:
    """Return how many pairs of opposites a claim has more of on one side and less of on the other.

    A claim that leaves out a part of its evidence has less of both.
    """
    ours, theirs = turns_of(claim).opposites[:pairs], turns_of(evidence).opposites[:pairs]
    return sum(
        (one > there and other < elsewhere) or (other > elsewhere and one < there)
        for (one, other), (there, elsewhere) in zip(ours, theirs, strict=True)
    )


def conflict(claim: str, evidence: str) -> Conflict | None:
    """Return how a claim turns round what its evidence says, None when it does not."""
    ours, theirs = turns_of(claim), turns_of(evidence)
    if ours.negations % 2 != theirs.negations % 2:
        return Conflict.NEGATION
    if reversals(claim, evidence, CERTAIN):
        return Conflict.DIRECTION
    if ours.advice and not theirs.advice:
        return Conflict.ADVICE
    return None
