"""Figures: numbers, percentages, amounts, dates and ranges read out of text, normalised.

Knows: notations of English and Chinese, and when two of them mean the same. Does not know what is
true. Invariants: figures come in order and never overlap; ``text[f.start:f.end] == f.text``; equal
figures are equal in either language (28.3% = 百分之二十八点三, 1.2m = 120万, three in ten = 三成).

Conventions: a vague magnitude is a range (a few hundred = 几百 = 200 to 999, hundreds of thousands =
几十万 = 200,000 to 999,999); "from 1.22 to 8.7" after a verb of change is two figures, "10 to 15%" is
one range; "one" and 一 count only before a unit; names such as GPT-4 or Qwen3 hold no figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from assistant.numerals import CHINESE_CHARS, ENGLISH_WORD, parse_chinese, parse_english
from assistant.schema import Language


class FigureKind(StrEnum):
    """What sort of figure it is."""

    PERCENT = "percent"
    POINTS = "points"
    MONEY = "money"
    DURATION = "duration"
    MULTIPLE = "multiple"
    YEAR = "year"
    DATE = "date"
    COUNT = "count"


class Comparator(StrEnum):
    """How a figure bounds what it describes."""

    EXACT = "exact"
    ABOUT = "about"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure, normalised."""

    low: Decimal
    high: Decimal
    """Equal to ``low`` unless the figure is a range."""
    unit: str
    """``%``, a currency code, day, week, month, year, hour, minute, x, or empty."""
    kind: FigureKind
    comparator: Comparator
    per: str
    """What a rate is per (month, year, day, ...), or empty."""
    start: int
    end: int
    text: str


_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans(
    "萬億點兩個約過餘達幾數間時鐘歲週於為間從到倍", "万亿点两个约过余达几数间时钟岁周于为间从到倍"
)
_SCALE = {
    "k": 10**3, "thousand": 10**3, "m": 10**6, "mn": 10**6, "million": 10**6, "bn": 10**9,
    "b": 10**9, "billion": 10**9, "trillion": 10**12, "百": 100, "千": 10**3, "万": 10**4,
    "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12,
}  # fmt: skip
_CURRENCY = {
    "jpy": "JPY", "hkd": "HKD", "sgd": "SGD", "hk$": "HKD", "s$": "SGD", "港元": "HKD",
    "新加坡元": "SGD", "新元": "SGD", "加元": "CAD", "cad": "CAD", "c$": "CAD", "韩元": "KRW", "krw": "KRW",
    "澳元": "AUD", "aud": "AUD", "a$": "AUD", "won": "KRW",
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "美元": "USD",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "欧元": "EUR",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "英镑": "GBP",
    "¥": "CNY", "￥": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "元": "CNY", "元人民币": "CNY",
    "块": "CNY", "块钱": "CNY", "人民币": "CNY", "日元": "JPY", "yen": "JPY",
}  # fmt: skip
_DURATION = {
    "day": "day", "days": "day", "天": "day", "week": "week", "weeks": "week", "周": "week",
    "个星期": "week", "month": "month", "months": "month", "个月": "month", "year": "year",
    "years": "year", "年": "year", "year-old": "year", "years-old": "year", "岁": "year",
    "hour": "hour", "hours": "hour", "小时": "hour", "个小时": "hour", "minute": "minute",
    "minutes": "minute", "分钟": "minute", "second": "second", "seconds": "second", "秒": "second",
}  # fmt: skip
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_WORDS = rf"(?:(?:{ENGLISH_WORD})\b(?:[\s-]+(?:and\s+)?(?=(?:{ENGLISH_WORD})\b))?)+"
_HAN = rf"[{CHINESE_CHARS}]+"
_NUMBER = rf"(?:{_DIGITS}|\b{_WORDS}|{_HAN})"
_SCALES = (
    r"(?:\s?(?:thousand|million|billion|trillion|mn|bn)\b|[kmb]\b|万亿|[十百千]?万|亿|[百千])?"
)
_MONEY_AFTER = r"rmb|cny|usd|eur|gbp|jpy|yuan|dollars?|euros?|pounds?|yen|won|hkd|sgd|cad|aud|krw|元人民币|港元|新加坡元|新元|加元|澳元|韩元|美元|欧元|英镑|日元|块钱|块|元"
_TIME_AFTER = (
    r"(?:-|\s)?(?:years?[\s-]old|days?|weeks?|months?|years?|hours?|minutes?|seconds?)\b"
    r"|个星期|个月|个小时|小时|分钟|岁|秒|天|周|年"
)
_UNIT = (
    rf"\s?(?P<pp>percentage points?|个?百分点)|\s?(?P<pct>%|percent\b|per\s?cent\b)"
    rf"|(?:多|余)?\s?(?P<cur>(?:{_MONEY_AFTER})(?![a-z]))|(?P<dur>\s?(?:{_TIME_AFTER}))"
    r"|\s?(?P<times>times\b|-?fold\b|x\b|倍)"
)
_DASH = r"\s?(?:-|–|—|~|～|至|到|to)\s?"
_PER = r"(?:\s?(?:per|a|an|each|/)\s?(?P<per>day|week|month|year|user|hour)\b|\s?/\s?(?P<perzh>[天周月年]))?"

_MAIN = re.compile(
    rf"(?P<pre>us\$|hk\$|[sca]\$|[$€£¥￥]|(?<![A-Za-z])(?:rmb|cny|usd|eur|gbp|jpy|hkd|sgd|cad|aud|krw)\s?)?"
    rf"(?P<n1>{_NUMBER})(?P<s1>{_SCALES})"
    rf"(?:(?:\s?(?:%|percent\b|per\s?cent\b))?{_DASH}(?P<n2>{_DIGITS}|\b{_WORDS}|{_HAN})(?P<s2>{_SCALES}))?"
    rf"(?:{_UNIT})?{_PER}",
    re.IGNORECASE,
)
_SPECIAL = re.compile(
    rf"(?P<baifen>百分之(?P<bn>{_DIGITS}|{_HAN}))"
    rf"|(?P<fenzhi>(?P<fd>{_DIGITS}|[一二两三四五六七八九十百]+)分之(?P<fn>{_DIGITS}|[一二两三四五六七八九十百]+))"
    rf"|(?P<cheng>(?P<c1>[一二两三四五六七八九1-9])成(?P<c2>[一二三四五六七八九半])?(?![功本为立员长交熟果绩都分]))"
    rf"|(?P<inten>(?<![\d.,])\b(?P<in1>\d+|{ENGLISH_WORD}) (?:in|out of)(?: every)? (?P<in2>(?!(?:19|20)\d\d\b)\d+|{ENGLISH_WORD})\b)"
    r"|(?P<half>\bhalf\b|一半|半数)"
    r"|(?P<frac>(?<!first )(?<!last )(?<!next )\b(?:(?P<fr1>one|a|two|three|four)[ -])(?P<fr2>thirds?|quarters?|fifths?|tenths?)\b)"
    r"|(?P<vague>\b(?:a few|several) (?P<v1>hundred|thousand|million)\b|\b(?P<v2>tens|hundreds) of (?P<v3>thousands|millions)\b"
    r"|\b(?P<v4>dozens|hundreds|thousands|millions)\b(?! of (?:thousands|millions))"
    r"|(?:几|数|上)(?P<v5>百万|千万|十万|百亿|百|千|万|亿|十))"
    r"(?:多|余)?\s?(?P<vcur>(?:rmb|yuan|dollars?|euros?|pounds?|美元|欧元|元|块钱|块)(?![a-z]))?"
    r"(?:\s?(?:per|a|/)\s?(?P<vper>month|year|day|user)\b)?"
    rf"|(?P<date>\b(?P<y1>(?:19|20)\d\d)-(?P<m1>\d\d)(?:-(?P<d1>\d\d))?\b"
    r"|(?P<y2>(?:19|20)\d\d)\s?年\s?(?P<m2>\d{1,2})\s?月(?:\s?(?P<d2>\d{1,2})\s?日)?"
    rf"|\b(?:(?P<d3>\d{{1,2}}) )?(?P<m3>{_MONTHS}) (?P<y3>(?:19|20)\d\d)\b)"
    r"|(?P<year>(?<![\d,.$€£¥])(?:19|20)\d\d(?:\s?年(?!前)|(?![\d%]|[.,]\d|\s?(?:rmb|yuan|元|万|亿|年|percent))))"
    r"|(?P<double>翻了?一番|\b(?:doubled|twofold)\b)|(?P<triple>\b(?:tripled|threefold)\b)",
    re.IGNORECASE,
)
_SKIP = re.compile(
    r"https?://\S+|\S+@\S+\.\S+|\[[\d,\s–-]+\]|【[\d,\s]+】|§\s?[\d.]+|(?m:^\s*\d+[.)]\s)"
    r"|(?<![A-Za-z])(?!(?i:rmb|cny|usd|eur|gbp|jpy|hkd|sgd|cad|aud|krw)\d)[A-Za-z]+[A-Za-z.]*[-‑]?\d[A-Za-z0-9_.-]*(?<![.-])"
    r"|\b(?:ISO|Office|version|DeepSeek V|Windows|Article|Articles|Law|Annex|[Pp]oint|Section|Step|No\.)\s?\d[\d.:]*"
    r"|\b\d+[A-Z]{1,3}\d?\b(?<![\d][kKmMbB])|(?<![年\d])(?<!年\s)\d{1,2}月(?!\d)|B2B|B2C|24/7|第[一二三四五六七八九十百\d]+|\b\d+(?:st|nd|rd|th)\b",
)
_BEFORE = re.compile(
    r"(?P<below>fewer than|less than|lower than|below|under|at most|up to|no more than|不到|低于|不足|少于|小于|至多|最多|以内)"
    r"|(?P<above>more than|greater than|higher than|exceed(?:ed|ing|s)?|over|above|at least|upwards of|超过|超|高于|逾|大于|至少|多于|突破)"
    r"|(?P<about>about|around|roughly|nearly|almost|approximately|approx\.?|some|circa|约|大约|近|接近|将近|差不多|大概)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s?(?P<above>以上|多(?=$|\W)|or more|\+)|\s?(?P<below>以下|以内|or less)|\s?(?P<about>左右|上下|or so)"
)
_CHANGE = re.compile(r"(?:from|从|由)\s?$|(?:->|→|=>)\s?$", re.IGNORECASE)


def find_figures(text: str, language: Language | None = None) -> list[Figure]:
    """Return the figures of a text, in order.

    Args:
        text: in English, Chinese or both.
        language: not needed; notations of both languages are read everywhere.
    """
    folded = text.translate(_FOLD)
    taken = [match.span() for match in _SKIP.finditer(folded)]
    found: list[Figure] = []
    for figure in (*_special(text, folded), *_plain(text, folded)):
        if all(figure.end <= start or end <= figure.start for start, end in taken):
            taken.append((figure.start, figure.end))
            found.append(figure)
    return sorted(found, key=lambda figure: figure.start)


def same_figure(claim: Figure, evidence: Figure) -> bool:
    """Whether evidence bears out a claimed figure: value, unit, rate and bound."""
    if claim.per and evidence.per and claim.per != evidence.per:
        return False
    if FigureKind.DATE in {claim.kind, evidence.kind}:
        return _same_date(claim, evidence)
    if claim.unit != evidence.unit and not _convertible(claim, evidence):
        return False
    factor = _TO_MONTHS.get(claim.unit, Decimal(1)) if claim.unit != evidence.unit else Decimal(1)
    other = _TO_MONTHS.get(evidence.unit, Decimal(1)) if claim.unit != evidence.unit else Decimal(1)
    low, high = claim.low * factor, claim.high * factor
    if (low, high) == (evidence.low * other, evidence.high * other):
        return _bounds_agree(claim, evidence)
    if claim.comparator is Comparator.ABOUT and claim.low == claim.high:
        step = Decimal(1).scaleb(int(claim.low.as_tuple().exponent))
        there = evidence.low * other / factor
        return there.quantize(step, ROUND_HALF_UP) == claim.low
    return False


def unsupported_figures(claim: str, evidence: str) -> list[Figure]:
    """Return the figures of ``claim`` that ``evidence`` does not bear out."""
    known = find_figures(evidence)
    return [
        figure
        for figure in find_figures(claim)
        if not any(same_figure(figure, other) for other in known)
    ]


def describe(figure: Figure) -> str:
    """Return a figure as the reader saw it, in one line."""
    return " ".join(figure.text.split())


_TO_MONTHS = {"year": Decimal(12), "month": Decimal(1)}


def _convertible(one: Figure, other: Figure) -> bool:
    return one.unit in _TO_MONTHS and other.unit in _TO_MONTHS


def _bounds_agree(claim: Figure, evidence: Figure) -> bool:
    """Whether the bounds agree; a claim may leave out only that evidence is approximate."""
    loose = {Comparator.EXACT, Comparator.ABOUT}
    if claim.comparator in loose and evidence.comparator in loose:
        return True
    return claim.comparator is evidence.comparator


def _same_date(claim: Figure, evidence: Figure) -> bool:
    """Whether the evidence's date lies within the claimed one; a year is a date of low precision."""
    if not {claim.kind, evidence.kind} <= {FigureKind.DATE, FigureKind.YEAR}:
        return False
    wanted, given = claim.unit or str(claim.low), evidence.unit or str(evidence.low)
    return given.startswith(wanted)


def _number(text: str, scale: str = "") -> Decimal | None:
    """Read a number in digits or words, with its scale."""
    plain = text.strip().lower()
    value = (
        Decimal(plain.replace(",", ""))
        if plain[:1].isdigit()
        else parse_english(plain)
        if plain[:1].isascii()
        else parse_chinese(plain)
    )
    return None if value is None else value * _SCALE.get(scale.strip().lower(), 1)


def _special(text: str, folded: str) -> Iterator[Figure]:
    """Yield what has a notation of its own: fractions, tenths, vague magnitudes, dates, years."""
    for match in _SPECIAL.finditer(folded):
        read = _read_special(match)
        if read is not None:
            low, high, unit, kind, per = read
            yield _figure(text, folded, match.start(), match.end(), (low, high), unit, kind, per)


_Read = tuple[Decimal, Decimal, str, FigureKind, str]


def _read_special(match: re.Match[str]) -> _Read | None:
    part = match.groupdict()
    if part["date"]:
        return _read_date(part)
    if part["year"]:
        year = Decimal(part["year"][:4])
        return year, year, "", FigureKind.YEAR, ""
    if part["vague"]:
        return _read_vague(part)
    if part["double"] or part["triple"]:
        times = Decimal(2 if part["double"] else 3)
        return times, times, "x", FigureKind.MULTIPLE, ""
    share = _share(part)
    return None if share is None else (share, share, "%", FigureKind.PERCENT, "")


def _share(part: dict[str, str | None]) -> Decimal | None:
    """Read a share of a whole, as a percentage."""
    if part["half"]:
        return Decimal(50)
    if part["baifen"]:
        return _number(part["bn"] or "")
    if part["cheng"]:
        tenths = _number(part["c1"] or "") or Decimal(0)
        more = Decimal(5) if part["c2"] == "半" else _number(part["c2"] or "零") or Decimal(0)
        return tenths * 10 + more
    if part["frac"]:
        above = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4}[(part["fr1"] or "").lower()]
        below = {"t": 3, "q": 4, "f": 5}[(part["fr2"] or "")[0].lower()]
        return _ratio(Decimal(above), Decimal(10 if "ten" in (part["fr2"] or "") else below))
    first, second = (("fn", "fd"), ("in1", "in2"))[bool(part["inten"])]
    above_, below_ = _number(part[first] or ""), _number(part[second] or "")
    if above_ is None or not below_ or above_ > below_:
        return None
    return _ratio(above_, below_)


def _ratio(above: Decimal, below: Decimal) -> Decimal:
    return (above * 100 / below).quantize(Decimal("0.0001")).normalize() + 0


_VAGUE = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "hundreds": 100, "thousands": 1000,
    "millions": 10**6, "dozens": 12, "十": 10, "百": 100, "千": 1000, "万": 10**4, "十万": 10**5,
    "百万": 10**6, "千万": 10**7, "亿": 10**8, "百亿": 10**10,
}  # fmt: skip


def _read_vague(part: dict[str, str | None]) -> _Read:
    """Read a vague magnitude as the range it means."""
    if part["v2"]:
        tens = 10 if part["v2"].lower() == "tens" else 100
        unit_size = tens * _VAGUE[(part["v3"] or "").lower()]
    else:
        unit_size = _VAGUE[(part["v1"] or part["v4"] or part["v5"] or "").lower()]
    currency = _CURRENCY.get((part["vcur"] or "").lower(), "")
    kind = FigureKind.MONEY if currency else FigureKind.COUNT
    low, high = Decimal(2 * unit_size), Decimal(10 * unit_size - 1)
    return low, high, currency, kind, (part["vper"] or "").lower()


def _read_date(part: dict[str, str | None]) -> _Read:
    """Read a date; its unit is its ISO form, so that precision can be compared."""
    year = part["y1"] or part["y2"] or part["y3"] or ""
    month_name = part["m3"]
    month = (
        _MONTHS.lower().split("|").index(month_name.lower()) + 1
        if month_name
        else int(part["m1"] or part["m2"] or 0)
    )
    day = part["d1"] or part["d2"] or part["d3"]
    iso = f"{year}-{month:02}" + (f"-{int(day):02}" if day else "")
    return Decimal(year), Decimal(year), iso, FigureKind.DATE, ""


def _plain(text: str, folded: str) -> Iterator[Figure]:
    """Yield numbers with their units."""
    for match in _MAIN.finditer(folded):
        part = match.groupdict()
        unit, kind = _unit(part)
        if _is_word_one(part["n1"], kind) or (kind is FigureKind.COUNT and _idle(part)):
            continue
        low = _number(part["n1"], part["s1"] or (part["s2"] or "" if part["n2"] else ""))
        high = _number(part["n2"], part["s2"] or "") if part["n2"] else low
        if low is None or high is None:
            continue
        per = (part["per"] or "").lower() or {
            "天": "day",
            "周": "week",
            "月": "month",
            "年": "year",
        }.get(part["perzh"] or "", "")
        if part["n2"] and (high < low or _CHANGE.search(folded, 0, match.start())):
            yield from _two(text, folded, match, (low, high), unit, kind)
            continue
        yield _figure(text, folded, match.start(), match.end(), (low, high), unit, kind, per)


def _two(
    text: str,
    folded: str,
    match: re.Match[str],
    values: tuple[Decimal, Decimal],
    unit: str,
    kind: FigureKind,
) -> Iterator[Figure]:
    """Yield "from A to B" as two figures of the same unit."""
    ends = ((match.start(), match.end("s1")), (match.start("n2"), match.end()))
    for value, (start, end) in zip(values, ends, strict=True):
        yield _figure(text, folded, start, end, (value, value), unit, kind, "")


def _unit(part: dict[str, str | None]) -> tuple[str, FigureKind]:
    if part["pp"]:
        return "pp", FigureKind.POINTS
    if part["pct"]:
        return "%", FigureKind.PERCENT
    currency = (part["pre"] or part["cur"] or "").strip().lower()
    if currency:
        return _CURRENCY[currency], FigureKind.MONEY
    if part["dur"]:
        name = re.sub(r"[\s-]+", "-", part["dur"].strip().strip("-").strip().lower())
        return _DURATION[name], FigureKind.DURATION
    if part["times"]:
        return "x", FigureKind.MULTIPLE
    return "", FigureKind.COUNT


def _is_word_one(number: str, kind: FigureKind) -> bool:
    """Whether "one" or 一 is a mere article."""
    return number.lower() in {"one", "一", "点", "十点"} and kind in {
        FigureKind.COUNT,
        FigureKind.MULTIPLE,
    }


def _idle(part: dict[str, str | None]) -> bool:
    """Whether a Chinese numeral without a unit is part of a word (一些, 万一, 三思, 千万)."""
    number = part["n1"] or ""
    return number[0] in CHINESE_CHARS and (
        len(number) == 1 or number in {"万一", "千万", "十点", "一一"}
    )


def _figure(
    text: str,
    folded: str,
    start: int,
    end: int,
    values: tuple[Decimal, Decimal],
    unit: str,
    kind: FigureKind,
    per: str,
) -> Figure:
    """Build a figure, with the bound that the words around it express."""
    piece = text[start:end]
    end -= len(piece) - len(piece.rstrip())
    start += len(piece) - len(piece.lstrip())
    before = list(_BEFORE.finditer(folded, max(0, start - 24), start))
    near = (
        before[-1] if before and not folded[before[-1].end() : start].strip(" 约的了the") else None
    )
    bound = near or _AFTER.match(folded, end)
    vague = values[0] != values[1] and kind in {FigureKind.COUNT, FigureKind.MONEY}
    name = bound.lastgroup if bound else None
    comparator = (
        Comparator(name) if name else Comparator.ABOUT if vague and not per else Comparator.EXACT
    )
    monthly = re.compile(r"(?:每个?|一个?|按)(月|年|天|周)[^。，,；;]{0,8}$").search(
        folded, 0, start
    )
    if not per and monthly and kind is FigureKind.MONEY:
        per = {"月": "month", "年": "year", "天": "day", "周": "week"}[monthly.group(1)]
    return Figure(
        low=values[0],
        high=values[1],
        unit=unit,
        kind=kind,
        comparator=comparator,
        per=per,
        start=start,
        end=end,
        text=text[start:end],
    )
