"""What kind of answer a question expects: a share, an amount, reasons, steps, a list, ...

Knows: question words and patterns of English and Chinese. Does not know any passage. Invariant:
every text expects exactly one kind, a fact where no pattern is found.
"""

from __future__ import annotations

import re
from enum import StrEnum


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
# "talent shortage share": what a person types who wants the figure and writes no question.
_SHARE_NAMED = re.compile(r"\b(share|percentage|proportion|uptake)\W*$|(比例|占比|使用率|比率)\W*$")
_MONEY = re.compile(
    r"\b(how much (money|cash)|cost|costs|price|priced|pricing|budget|expensive|cheap|afford|pay|spend|rmb|yuan|dollars?|usd)\b"
    r"|\b(what|which|how (much|high|big|large|heavy))\b.{0,40}\b(fine|fines|fined|penalt(y|ies)|damages|compensation|settlement|payout|award)\b"
    r"|(罚|赔|退|付|亏|骗|骗走|损失)[了过款掉]?[^，。？?]{0,4}多少|多少钱|花多少|费用|价格|成本|预算|贵|便宜|几块|要花|花费|收费"
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
    r"\b(how much|how (far|big|large|high|low|fast)|what (number|figure|amount)|how many|how often|number of|by how much|growth rate)\b|多少|几(个|家|名|位|倍|次|种|项)|数字(?!化)|数据(?!保护|安全)|倍"
)
_OVERVIEW = re.compile(
    r"\b(tell me (more |all )?about|overview|summar\w+|sum up|what happened (at|to|with)|the story of|walk me through)\b"
    r"|讲讲|说说|介绍|讲一讲|说一说|聊聊|概括|总结|概述|是怎么回事|什么情况"
)


def expected(plain: str) -> Expect:
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
        (Expect.SHARE, _SHARE_NAMED),
    ):
        if pattern.search(plain):
            # "How much did costs fall" asks for a figure, not for an amount of money.
            changed = expect is Expect.MONEY and _CHANGE.search(plain)
            return Expect.FIGURE if changed else expect
    return Expect.FACT
