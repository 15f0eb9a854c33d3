"""Errors: rules that make a true sentence false, in English and Chinese.

Knows: how to put another figure, unit, year, name, negation, direction or detail into a sentence.
Does not know passages or verifiers, and reads no figure by the verifier's own rules, so that what
the verifier does not see is planted all the same. Invariant: a rule gives None where it does not
apply, and the same sentence always the same error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from assistant import Language

Rule = Callable[[str, Random], str | None]

# ---- figures
_DIGITS = re.compile(
    r"(?<![A-Za-z\d.,/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d/-]*[A-Za-z]{2}|[\d/]|[.,-]\d)"
)
_YEAR = re.compile(r"(?<![\d.,/-])(?:19[5-9]|20[0-3])\d(?![\d%/]|[.,-]\d)")


def _figures(text: str) -> list[re.Match[str]]:
    """Return the numbers in digits, years left out."""
    years = {match.span() for match in _YEAR.finditer(text)}
    return [match for match in _DIGITS.finditer(text) if match.span() not in years]


def other_figure(text: str, rng: Random) -> str | None:
    """Put another number in the place of one: near, far, with digits swapped, ten times as large."""
    found = _figures(text)
    if not found:
        return None
    match = rng.choice(found)
    old = match.group()
    number = float(old.replace(",", ""))
    digits = len(old.partition(".")[2])
    swapped = old[::-1] if old.isdigit() and len(old) == 2 and old[1] != "0" else ""
    made = [
        f"{number + 1:.{digits}f}",
        f"{number * 1.4 + 2:.{digits}f}",
        f"{number * 10:.{digits}f}",
        *([swapped] if swapped else []),
    ]
    present = {m.group().replace(",", "") for m in _DIGITS.finditer(text)}
    new = rng.choice([value for value in made if value not in present] or made[:1])
    return text[: match.start()] + new + text[match.start() + len(old) :]


def other_year(text: str, rng: Random) -> str | None:
    """Put another year in the place of one."""
    found = list(_YEAR.finditer(text))
    if not found:
        return None
    match = rng.choice(found)
    present = {m.group() for m in found}
    years = [str(int(match.group()) + step) for step in (-3, -2, -1, 1, 2)]
    new = rng.choice([year for year in years if year not in present])
    return text[: match.start()] + new + text[match.end() :]


_UNITS = {
    Language.EN: (
        ("%", " million"), (" percentage points", "%"), ("£", "$"), ("€", "£"), ("$", "€"),
        (" hours", " days"), (" days", " weeks"), (" weeks", " months"), (" months", " years"),
        (" minutes", " hours"), (" million", " billion"), (" billion", " million"),
        ("EUR ", "USD "), ("USD ", "EUR "), (" dollars", " euros"), (" euros", " dollars"),
    ),
    Language.ZH: (
        ("%", "万"), ("个百分点", "%"), ("美元", "欧元"), ("欧元", "英镑"), ("英镑", "美元"), ("小时", "天"),
        ("天", "周"), ("个月", "年"), ("万", "亿"), ("亿", "万"), ("分钟", "小时"),
    ),
}  # fmt: skip


def other_unit(language: Language) -> Rule:
    """Return the rule that gives one figure another unit."""

    def rule(text: str, rng: Random) -> str | None:
        made = []
        for old, new in _UNITS[language]:
            before = old in {"£", "€", "$", "EUR ", "USD "}
            pattern = rf"{re.escape(old)}(?=\d)" if before else rf"(?<=\d){re.escape(old)}(?![a-z])"
            made += [text[: m.start()] + new + text[m.end() :] for m in re.finditer(pattern, text)]
        return rng.choice(made) if made else None

    return rule


def merged(text: str, beside: Sequence[str], rng: Random) -> str | None:
    """Give a sentence a figure of its neighbour, or swap two of its own."""
    own = _figures(text)
    pairs = [
        (a, b)
        for a in own
        for b in own
        if a.end() + 8 < b.start() and a.group() != b.group() and _tail(text, a) == _tail(text, b)
        if _tail(text, a) and "etween" not in text
    ]
    if pairs:
        a, b = rng.choice(pairs)
        return (
            text[: a.start()] + b.group() + text[a.end() : b.start()] + a.group() + text[b.end() :]
        )
    present = {match.group() for match in _DIGITS.finditer(text)}
    lent = [
        (a, b.group())
        for a in own
        for other in beside
        for b in _figures(other)
        if b.group() not in present and _tail(text, a) and _tail(text, a) == _tail(other, b)
    ]
    if not lent:
        return None
    a, figure = rng.choice(lent)
    return text[: a.start()] + figure + text[a.end() :]


def _tail(text: str, match: re.Match[str]) -> str:
    """Return what stands behind a number and tells what sort it is."""
    found = re.match(
        r"\s?(?:%|percentage points?|[a-z]+|个百分点|[\u4e00-\u9fff])?", text[match.end() :]
    )
    return found.group().strip() if found else ""


# ---- names
_NAME = re.compile(
    r"(?<![A-Za-z])[A-Z][A-Za-z]*[a-z][A-Za-z]*(?: (?:of )?[A-Z][a-z]+)*(?![A-Za-z])"
)
_NO_NAMES = re.compile(
    r"^(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|The|This|These|In|It|If|For|By|Of|Among|An|At|On|SMEs?|Law|Act|Article)\b"
)
PLACES = {
    Language.EN: (
        "Germany", "France", "Italy", "Japan", "Canada", "Brazil", "Spain", "Poland", "India", "Korea",
        "Singapore", "Australia", "Sweden", "Ireland", "Denmark", "China", "Vietnam", "Mexico",
    ),
    Language.ZH: (
        "德国", "法国", "意大利", "日本", "加拿大", "巴西", "西班牙", "波兰", "印度", "韩国", "新加坡",
        "澳大利亚", "瑞典", "爱尔兰", "丹麦", "中国", "越南", "墨西哥", "英国", "美国",
    ),
}  # fmt: skip
_SENTENCE_OPEN = re.compile(r"(?:^|[.!?:]\s)[\"'(]*$")


def names_in(text: str, language: Language) -> list[re.Match[str]]:
    """Return names: Latin words with a capital that begin no sentence, and countries."""
    places = re.compile("|".join(PLACES[language]))
    found = list(places.finditer(text))
    taken = [match.span() for match in found]
    for match in _NAME.finditer(text):
        begins = language is Language.EN and _SENTENCE_OPEN.search(text[: match.start()])
        apart = all(match.end() <= start or end <= match.start() for start, end in taken)
        if apart and not begins and not _NO_NAMES.match(match.group()):
            found.append(match)
    return found


def other_name(text: str, names: Sequence[str], rng: Random) -> str | None:
    """Put another place in the place of one, or another name of the knowledge base."""
    language = Language.ZH if re.search(r"[\u4e00-\u9fff]", text) else Language.EN
    found = names_in(text, language)
    if not found:
        return None
    match = rng.choice(found)
    place = match.group() in PLACES[language]
    others = [name for name in (PLACES[language] if place else names) if name not in text]
    others = [name for name in others if not {*name.split()} & {*match.group().split()}]
    if not others:
        return None
    return text[: match.start()] + rng.choice(others) + text[match.end() :]


# ---- negation and direction
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|may|will|would|should|must|has to|have|has|had|does|do|did)\b"
    r"(?! (?:not|no|never|to)\b)"
)
_NOT = re.compile(
    r"\b(is|are|was|were|can|could|may|will|would|should|must|does|do|did|has|have|had)(?: ?not)\b"
)
_PAST = {
    "used": "use", "said": "say", "reported": "report", "planned": "plan", "saved": "save",
    "found": "find", "needed": "need", "had": "have", "gave": "give", "built": "build",
    "started": "start", "paid": "pay", "helped": "help", "expected": "expect",
}  # fmt: skip
_PRESENT = {
    "use": "do not use", "uses": "does not use", "need": "do not need", "needs": "does not need",
    "costs": "does not cost", "cost": "do not cost", "requires": "does not require",
    "applies": "does not apply", "apply": "do not apply", "says": "does not say",
    "say": "do not say", "covers": "does not cover", "pays": "does not pay", "helps": "does not help",
}  # fmt: skip


def negated_en(text: str, rng: Random) -> str | None:
    """Deny what a sentence affirms, or affirm what it denies."""
    made = [text[: m.start()] + m.group(1) + text[m.end() :] for m in _NOT.finditer(text)]
    if not made:
        made = [
            text[: m.end()] + " not" + text[m.end() :]
            for m in _AUXILIARY.finditer(text)
            if m.group() not in {"has", "have", "had", "do", "does", "did"}
            or re.match(r" \w+ed\b| been\b", text[m.end() :])
        ]
    if not made:
        for word, base in _PAST.items():
            made += [
                text[: m.start()] + f"did not {base}" + text[m.end() :]
                for m in re.finditer(rf"(?<=[a-z%] )\b{word}\b(?! (?:by|to|in|for)\b)", text)
            ]
        for word, turned in _PRESENT.items():
            made += [
                text[: m.start()] + turned + text[m.end() :]
                for m in re.finditer(rf"(?<=[a-zA-Z%] )\b{word}\b", text)
                if not re.search(
                    r"\b(to|can|may|will|should|must|of|the|an?|AI)\s$", text[: m.start()]
                )
            ]
    return rng.choice(made) if made else None


_ZH_AFFIRM = (
    ("不能", "能"), ("不可以", "可以"), ("不会", "会"), ("没有", "有"), ("不是", "是"), ("无需", "需要"),
    ("不必", "必须"), ("不需要", "需要"), ("并未", "已"), ("不得", "可以"), ("尚未", "已经"),
)  # fmt: skip
_ZH_DENY = (
    ("可以", "不可以"), ("需要", "不需要"), ("必须", "不必"), ("使用了", "没有使用"), ("用了", "没有用"),
    ("采用了", "没有采用"), ("包括", "不包括"), ("要求", "不要求"), ("适用于", "不适用于"), ("是", "不是"),
    ("能", "不能"), ("会", "不会"), ("有", "没有"), ("使用", "不使用"), ("提供", "不提供"), ("计划", "不计划"),
    ("认为", "不认为"), ("建议", "不建议"), ("允许", "不允许"),
)  # fmt: skip


def negated_zh(text: str, rng: Random) -> str | None:
    """Deny what a sentence affirms, or affirm what it denies."""
    del rng
    for old, new in (*_ZH_AFFIRM, *_ZH_DENY):
        guard = (
            r"(?<![不没未无可功只社机协就都所拥还具占约含持若或总凡于])"
            if len(old) == 1
            else r"(?<![不没未无])(?<!暂停)(?<!停止)(?<!任何)"
        )
        behind = r"(?![否力够员议计关限效些时意利])" if len(old) == 1 else r"(?![者商方])"
        match = re.search(guard + re.escape(old) + behind, text)
        if match:
            return text[: match.start()] + new + text[match.end() :]
    return None


_TURNS = {
    Language.EN: (
        ("rose", "fell"), ("risen", "fallen"), ("increased", "decreased"), ("increase", "decrease"),
        ("grew", "shrank"), ("up from", "down from"), ("more than", "less than"),
        ("higher", "lower"), ("above", "below"), ("at least", "at most"), ("before", "after"),
        (r"over(?= \d)", r"under(?= \d)"), ("faster", "slower"), ("improved", "worsened"), ("larger", "smaller"),
        ("more", "fewer"), (r"most(?= (?:of|firms|people|SMEs|small)\b)", r"few(?= (?:of|firms|people|SMEs|small)\b)"), ("up to", "at least"), ("reduced", "raised"),
        ("saves", "costs an extra"), ("cheaper", "dearer"), ("doubled", "halved"),
        ("cut", "raised"), ("longer", "shorter"), ("best", "worst"), ("earlier", "later"),
    ),
    Language.ZH: (
        ("上升", "下降"), ("增长", "下降"), ("提高", "降低"), ("增加", "减少"), ("高于", "低于"),
        ("超过", "不足"), ("以上", "以下"), ("之前", "之后"), ("至少", "至多"), ("多于", "少于"),
        ("升至", "降至"), ("更高", "更低"), ("更多", "更少"), ("更快", "更慢"), ("以前", "以后"),
        ("大多数", "少数"), ("缩短", "延长"), ("节省", "多花"), ("最高", "最低"), ("更大", "更小"),
        ("提升", "下降"), ("更便宜", "更贵"), ("翻一番", "减半"), ("早于", "晚于"), ("最多", "最少"),
    ),
}  # fmt: skip


def turned(language: Language) -> Rule:
    """Return the rule that turns one direction or comparison round."""
    edge = r"\b" if language is Language.EN else ""

    def rule(text: str, rng: Random) -> str | None:
        made = []
        for one, other in _TURNS[language]:
            for old, new in ((one, other), (other, one)):
                made += [
                    text[: m.start()] + new.partition("(?")[0] + text[m.end() :]
                    for m in re.finditer(rf"(?<!no ){edge}{old}", text)
                    if not edge or not re.match(r"[a-z]", text[m.end() :])
                ]
        return rng.choice(made) if made else None

    return rule


# ---- other errors
_DETAILS = {
    Language.EN: (
        ", mainly in rural regions", ", according to the World Bank", ", most of them family-owned",
        ", after a six-week course for all staff", ", with help from a local university",
        ", which the trade unions welcomed", ", and their customers noticed the difference",
        ", despite protests from suppliers",
    ),
    Language.ZH: (
        "，主要集中在农村地区", "，世界银行也这样认为", "，其中大部分是家族企业", "，此前全体员工参加了六周课程",
        "，并得到当地大学的帮助", "，工会对此表示欢迎", "，客户也注意到了差别", "，尽管供应商提出抗议",
    ),
}  # fmt: skip


def detailed(language: Language) -> Rule:
    """Return the rule that adds a detail no source knows."""

    def rule(text: str, rng: Random) -> str | None:
        body = text.rstrip(" .。!！?？")
        return body + rng.choice(_DETAILS[language]) + text[len(body) :]

    return rule
