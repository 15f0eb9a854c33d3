"""What a question asks: its concepts and words, the kind of answer it expects, its constraints.

Knows: question words and patterns of English and Chinese. Does not know any passage. Invariant: a
question is data about a text; reading it never fails, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.figures import Figure, FigureKind, find_figures
from assistant.frequency import WordFrequency
from assistant.language import detect_language
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.schema import Language
from assistant.terms import Analyser


class Expect(StrEnum):
    """The kind of answer a question expects."""

    SHARE = "share"
    """How many of them, what percentage."""
    MONEY = "money"
    DURATION = "duration"
    FIGURE = "figure"
    """Some number, kind unknown."""
    WHEN = "when"
    WHO = "who"
    WHERE = "where"
    REASONS = "reasons"
    STEPS = "steps"
    COMPARISON = "comparison"
    LIST = "list"
    OVERVIEW = "overview"
    """Tell me about it, as a whole."""
    FACT = "fact"
    """Yes or no, what is."""


class Intent(StrEnum):
    """Whether there is anything to look up."""

    QUESTION = "question"
    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ABILITY = "ability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a question names."""

    key: str
    """A term: ``@concept``, an English stem or a Chinese word."""
    cls: ConceptClass | None
    """Class of a concept; None for a plain word."""
    text: str
    """As asked, for telling the reader."""
    weight: float = 1.0
    """How much a plain word says, in (0, 1]: ordinary words say little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, read."""

    text: str
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


_GREETING = re.compile(
    r"(hi|hello|hey|hiya|yo|howdy|good (morning|afternoon|evening|day)|greetings|sup|what'?s up|how are you"
    r"|how'?s it going|nice to meet you|你好|您好|嗨|哈喽|哈罗|早|早上好|上午好|下午好|晚上好|在吗|在不在|大家好|喂|你好吗|嘿)"
    r"( (there|all|everyone|bot|assistant|friend|team|again))*[\s,!.。！，~?？👋😀🙂啊呀哦]*"
)
_THANKS = re.compile(
    r"(ok(ay)?[,. ]*)?(great|cool|perfect|nice|good|awesome|excellent|好的|好|行|明白了|懂了|知道了|收到|太好了|很好)?[,.!，！。 ]*"
    r"(thanks?( you)?|thx|ty|cheers|much appreciated|got it|谢谢|多谢|感谢|谢啦|谢了|辛苦了|3q)"
    r"( (so much|a lot|very much|a bunch|again|for (the|your) help|for that|mate|all))*"
    r"(你|您|啦|了|你的帮助|您的帮助)?[\s,!.。！，~🙏👍]*"
)
_THANKS_WORD = re.compile(
    r"^(ok(ay)?[,. ]*|great[,. ]*|perfect[,. ]*|wow[,. ]*)*(thanks?|thank you|thx|ty|cheers|much appreciated)\b"
    r"|谢谢|多谢|感谢|谢啦|辛苦了|受教了|很有帮助|帮大忙|\b(helpful|useful)\b"
)
_GREETING_WORD = re.compile(
    r"^(hi|hello|hey|hiya|howdy|good (morning|afternoon|evening|day))\b|(你好|您好|早上好|上午好|下午好|晚上好|早安|哈喽|嗨)[呀啊哦!！。~ ]*$|^(你好|您好)"
)
_FAREWELL = re.compile(
    r"(bye|goodbye|bye bye|see you|see ya|later|that'?s all|再见|拜拜|回头见|下次见|没了|88)[\s,!.。！，~]*(for now|thanks|thank you|谢谢)?[\s!.。！]*"
)
_ABILITY = re.compile(
    r"(what (can|do|could|are) (you|u|this|it) (do|able|help|know|cover|offer|answer)|how (can|do|could) (you|u) help"
    r"|who are (you|u)|what are (you|u)\b|what is this|what .{0,30}can i ask|ask (you|u)( about)?\W*$|what (topics|questions)|help me$|^help\W*$|your capabilities|what do (you|u) know"
    r"|how (does|do) (this|you|it) work|tell me about yourself|are you (a )?(bot|human|robot|ai|real)|introduce yourself"
    r"|你能做什么|你会做什么|你会什么|你能干什么|你能干嘛|你可以做什么|(你|您)(可以|能)(回答|帮)|你能帮|你是谁|你是什么|能(问|回答|帮)|可以问你|问你什么|你知道什么|你有什么功能|怎么用你"
    r"|你是机器人|你是人|你懂什么|介绍一下你|介绍下你自己|自我介绍|你叫什么|能问什么|可以问什么|有什么用|^帮助$|你都能|你都会|能帮我什么|能帮我做)"
)

_COMPARE = re.compile(
    r"\b(compare[ds]?|comparing|comparison|vs\.?|versus|difference between|differ|better than|higher than|more than .+ or|which (is|one|has|comes|gets|scenario|function|area)\b.*\b(or|higher|bigger|more|most|first))\b"
    r"|对比|比较|相比|差别|区别|哪个更|哪个高|哪个大|哪个多|谁更|谁高|还是.*(高|多|大|更)|比.*(高|多|低|少)(吗|多少)"
)
_REASONS = re.compile(
    r"\b(why|reasons?|how come|what (stops|keeps|prevents|holds|is stopping|is holding|'s stopping|blocks)|what(?:'s| is) (stopping|holding)|barriers?|obstacles?|hurdles?|excuses?)\b"
    r"|为什么|为何|为啥|原因|理由|怎么会|障碍|阻碍|凭什么|顾虑|干嘛不|咋不|何以|卡在"
)
_STEPS = re.compile(
    r"\b(how (should|do|can|could|would|to)\b|where (should|do|to|can|would) .*(start|begin)|where to (start|begin)|first steps?|get started|steps?|what should|should (we|i|my|our|a|smes|an)|advice|advise|recommend\w*|tips?|roadmap|plan)\b"
    r"|怎么(做|办|开始|起步|入手|上|用|搞|落地|推进|选)|如何|从哪|哪里(开始|入手|下手)|第一步|步骤|建议|该不该|应该|要不要|咋(办|弄|搞|整|开始)|入手|下手|起步"
)
_LIST = re.compile(
    r"\b(list|which (ones|scenarios|areas|functions|uses|departments|models|things)|what (are|were) (the|all)|examples? of|kinds of|types of|name (the|some|all)|top|all the|every)\b"
    r"|哪些|列出|列举|有什么|都有啥|有啥|举例|排名|排行|几种|全部|哪几"
)
_SHARE = re.compile(
    r"\b(what|which|how (big|large|high)).{0,12}\b(share|percent\w*|per cent|proportion|fraction|slice|portion|rate|ratio|part|penetration|number)\b|\bhow many\b|\bpercent(age)?\b|\bpenetration\b|%|\badoption rate\b|\bhow (common|widespread|popular|high)\b|\bmajority\b"
    r"|比例|占比|百分|多少.{0,8}(企业|公司|老板|商家|的人)|几成|渗透率|普及率|率(是|有|为)?(多少|多高)|多高|多少家|占多少|有几家|多大比例|多普及|普及"
)
_MONEY = re.compile(
    r"\b(how much (money|cash)|cost|costs|price|priced|pricing|budget|expensive|cheap|afford|pay|spend|rmb|yuan|dollars?|usd)\b"
    r"|多少钱|花多少|费用|价格|成本|预算|贵|便宜|几块|要花|花费|收费"
)
_CHANGE = re.compile(
    r"\b(fall|fell|fallen|drop\w*|declin\w*|decreas\w*|reduc\w*|cut|sav\w*|grow|grew|grown|growth|rise|rose|risen"
    r"|increas\w*|went (up|down)|gone (up|down)|cheaper|jump\w*|improv\w*)\b|下降|降低|降了|减少|节省|省了|增长|上升|提高|涨|降幅|变化"
)
_DURATION = re.compile(
    r"\b(how long|how many (months|weeks|days|years)|how old)\b|多久|多长时间|几个月|几年|几天|多少年|多少天|多大年"
)
_WHEN = re.compile(
    r"\b(when|what (year|date|month|day)|which (year|date|month))\b|什么时候|何时|哪一?年|几月|几号|哪天"
)
_WHO = re.compile(
    r"\b(who|whose|whom|name of|what(?:'s| is) .* called|ceo|founder)\b|谁|哪家|叫什么|叫啥|名字|名称"
)
_WHERE = re.compile(
    r"\b(where|which (country|city|place|region))\b|哪里|哪儿|在哪|哪个(国家|城市|地区)|何处"
)
_FIGURE = re.compile(
    r"\b(how much|how (far|big|large|high|low|fast)|what (number|figure|amount)|how many|number of|by how much|growth rate)\b|多少|几(个|家|名|位|倍|次|种|项)|数字|数据|倍"
)
_SENTENCE = re.compile(r"[^.?!。？！;；]+(?:[.](?=\w)[^.?!。？！;；]+)*[.?!。？！;；]*")
_ASKS = re.compile(
    r"[?？]|\b(what|whats|how|why|which|who|where|when|should|can|could|does|do|is|are|tell me|list)\b"
    r"|什么|怎么|为什么|为啥|多少|几|哪|谁|吗|呢|是否|能不能|要不要|如何|啥|讲讲|介绍"
)
# "I run a small bakery and", "HR manager here:", "我开了一家面馆，"
_ASKER = re.compile(
    r"\b(as (a|an|the)\b|(i|we|my|our)( am|'m| are|'re| run| own| have| manage| work (in|at|for)))\b"
    r"[^,.;:?!]{0,80}?(,|:|;| and (?=have|need|want|would|how|what|where)|\bhere\b)"
    r"|^[\w ]{2,30} here\b[,:. ]*"
    r"|(我是|我们是|我开|我们开|我经营|我做|我们做|我家|我们公司是|作为)[^，,。？?]{0,30}[，,]"
)
BACKGROUND_WEIGHT = 0.15
"""Weight of what is said beside the question."""
_OVERVIEW = re.compile(
    r"\b(tell me (more |all )?about|overview|summar\w+|sum up|what happened (at|to|with)|the story of|walk me through)\b"
    r"|讲讲|说说|介绍|讲一讲|说一说|聊聊|概括|总结|概述|是怎么回事|什么情况"
)
_MORE = re.compile(
    r"\b(in detail|detailed|more detail|explain (fully|more)|elaborate|everything|full (answer|report|story)|long answer|tell me more|more about)\b|详细|具体说|展开|全部|完整|多说|细说|更多"
)


class QuestionReader:
    """Reads questions with one analyser. Safe to share between threads."""

    def __init__(self, analyser: Analyser, frequency: WordFrequency) -> None:
        """Take the analyser the index was built with, and what knows ordinary words."""
        self._analyser = analyser
        self._frequency = frequency

    def read(self, text: str) -> Question:
        """Read a question; whatever the text, something sensible comes back."""
        plain = " ".join(normalise(text).split())
        language = detect_language(text)
        found = find_figures(plain, language)
        items = self._items(plain, found)
        return Question(
            text=text,
            language=language,
            intent=_intent(plain, items),
            expects=_expects(plain),
            items=items,
            figures=tuple(f for f in found if f.kind in _ASSERTED),
            years=tuple(sorted({int(f.low) for f in found if f.kind is FigureKind.YEAR})),
            wants_more=bool(_MORE.search(plain)),
        )

    def _items(self, plain: str, figures: Sequence[Figure]) -> tuple[Item, ...]:
        """Return the outermost concepts, then the words that no concept covers.

        Asserted figures are left out: a wrong one must not keep the right evidence away.
        """
        asserted = sorted((f.start, f.end) for f in figures if f.kind in _ASSERTED)
        for start, end in reversed(asserted):
            plain = plain[:start] + " " + plain[end:]
        core, background = split_background(plain)
        items = self._things(core)
        if items:
            # Who asks, and what was said before the question, may help but must not decide.
            for key, item in self._things(background).items():
                items.setdefault(key, replace(item, cls=None, weight=BACKGROUND_WEIGHT))
        else:
            items = self._things(plain)
        return tuple(items.values())

    def _things(self, plain: str) -> dict[str, Item]:
        """Return what a text names, by key."""
        covered: set[int] = set()
        items: dict[str, Item] = {}
        for hit in self._analyser.outermost(plain):
            covered.update(range(hit.start, hit.end))
            phrase = self._analyser.surface(plain, hit.start, hit.end)
            items[f"@{hit.id}"] = Item(key=f"@{hit.id}", cls=hit.cls, text=phrase)
        for key, word in self._analyser.words_outside(plain, covered):
            weight = self._frequency.weight(word)
            items.setdefault(key, Item(key=key, cls=None, text=word, weight=weight))
        return items


def split_background(plain: str) -> tuple[str, str]:
    """Return what a text asks, and what it says about the asker or before asking."""
    sentences = [part for part in _SENTENCE.findall(plain) if part.strip()]
    asking = [part for part in sentences if part.rstrip().endswith(("?", "？"))]
    asking = asking or [part for part in sentences if _ASKS.search(part)] or sentences
    told = [part for part in sentences if part not in asking]
    core = " ".join(asking)
    asker = _ASKER.search(core)
    if asker and core[asker.end() :].strip(" ,，。?？"):
        told.append(asker.group())
        core = f"{core[: asker.start()]} {core[asker.end() :]}"
    return core, " ".join(told)


_ASSERTED = {
    FigureKind.PERCENT,
    FigureKind.MONEY,
    FigureKind.MULTIPLE,
    FigureKind.POINTS,
}
"""Kinds of figures a question may assert; a count is as a rule the asker's own ("we are 15")."""


def _intent(plain: str, named: Sequence[Item]) -> Intent:
    if not plain or len(plain) > 80:
        return Intent.QUESTION
    substance = any(item.cls not in {None, ConceptClass.FRAME} for item in named)
    if not substance and not _ASKS.search(plain):
        for intent, opening in ((Intent.THANKS, _THANKS_WORD), (Intent.GREETING, _GREETING_WORD)):
            if opening.search(plain):
                return intent
    for intent, pattern in (
        (Intent.GREETING, _GREETING),
        (Intent.THANKS, _THANKS),
        (Intent.FAREWELL, _FAREWELL),
    ):
        if pattern.fullmatch(plain):
            return intent
    return Intent.ABILITY if _ABILITY.search(plain) else Intent.QUESTION


def _expects(plain: str) -> Expect:
    """Return the first kind of answer whose pattern is found, most telling first."""
    for expect, pattern in (
        (Expect.COMPARISON, _COMPARE),
        (Expect.DURATION, _DURATION),
        (Expect.SHARE, _SHARE),
        (Expect.REASONS, _REASONS),
        (Expect.LIST, _LIST),
        (Expect.MONEY, _MONEY),
        (Expect.STEPS, _STEPS),
        (Expect.WHEN, _WHEN),
        (Expect.WHO, _WHO),
        (Expect.FIGURE, _FIGURE),
        (Expect.WHERE, _WHERE),
        (Expect.OVERVIEW, _OVERVIEW),
    ):
        if pattern.search(plain):
            # "How much did costs fall" asks for a figure, not for an amount of money.
            changed = expect is Expect.MONEY and _CHANGE.search(plain)
            return Expect.FIGURE if changed else expect
    return Expect.FACT
