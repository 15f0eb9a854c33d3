"""Paraphrases: rules that say a sentence otherwise and keep it true, in English and Chinese.

Knows: order, notations of figures, number words, words of the same meaning, parts that can be left
out. Does not know passages or verifiers. Invariant: a rule gives None where it does not apply, and
the same sentence always the same paraphrase.
"""

from __future__ import annotations

import re
from random import Random

from assistant import Language
from evals.errors import Rule

# ---- what keeps a sentence true
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_HAN_DIGITS = "零一二三四五六七八九"


def _english(number: int) -> str:
    """Spell 1 to 99."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def _chinese(number: int) -> str:
    """Write 1 to 99 in characters."""
    tens, ones = divmod(number, 10)
    ten = "" if not tens else "十" if tens == 1 else _HAN_DIGITS[tens] + "十"
    return ten + (_HAN_DIGITS[ones] if ones or not tens else "")


def in_words_en(text: str, rng: Random) -> str | None:
    """Write percentages, else small counts, in words."""
    del rng
    made = re.sub(
        r"(?<![\d.,$€£A-Za-z–-])(\d{1,2})%(?![–-])",
        lambda m: f"{_english(int(m[1]))} percent",
        text,
    )
    if made == text:
        made = re.sub(
            r"(?<![\d.,$€£A-Za-z–-])([2-9]|1\d)(?= (?:hours|days|weeks|months|years|employees|people|firms)\b)",
            lambda m: _english(int(m[1])),
            text,
        )
    return made


def in_words_zh(text: str, rng: Random) -> str | None:
    """Write percentages, else small counts, in characters."""
    del rng
    made = re.sub(
        r"(?<![\d.,至到\-–~])(\d{1,2})%(?![至到\-–~])",
        lambda m: f"百分之{_chinese(int(m[1]))}",
        text,
    )
    if made == text:
        made = re.sub(
            r"(?<![\d.,至到\-–~])([3-9]|1\d)(?=个月|小时|天|周|人|名|家)",
            lambda m: _chinese(int(m[1])),
            text,
        )
    return made


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def notation_en(text: str, rng: Random) -> str | None:
    """Write figures in another notation."""
    made = text
    ways: list[Rule] = [
        lambda t, _: re.sub(r"(?<=\d)%", " percent", t),
        lambda t, _: re.sub(r"(?<=\d)%", " per cent", t),
        lambda t, _: re.sub(r"£(\d[\d,.]*\d|\d)(?! ?(?:m|b|k)\w*)", r"\1 pounds", t),
        lambda t, _: re.sub(r"(?<![A-Z])\$(\d[\d,.]*\d|\d)(?! ?(?:m|b|k|t)\w*)", r"\1 dollars", t),
        lambda t, _: re.sub(r"€(\d[\d,.]*\d|\d)(?! ?(?:m|b|k)\w*)", r"\1 euros", t),
        lambda t, _: re.sub(r"(?<=\d) million\b", "m", t),
        lambda t, _: re.sub(r"\b(\d{1,3}),(\d{3})\b(?!,)", r"\1\2", t),
        lambda t, _: re.sub(
            rf"(?<!\d )\b({'|'.join(_MONTHS)}) (20\d\d)\b",
            lambda m: f"{m[2]}-{_MONTHS.index(m[1]) + 1:02}",
            t,
        ),
    ]
    rng.shuffle(ways)
    for way in ways:
        made = way(text, rng) or text
        if made != text:
            return made
    return None


def notation_zh(text: str, rng: Random) -> str | None:
    """Write figures in another notation."""
    ways: list[Rule] = [
        lambda t, _: t.replace("%", "％"),
        lambda t, _: re.sub(r"(?<![\d.至到–-])(\d[\d.]*)%(?![至到–-])", r"百分之\1", t),
        lambda t, _: t.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
        lambda t, _: re.sub(
            r"(?<![\d.])(\d{1,3})万(?![亿\d])", lambda m: f"{int(m[1]) * 10000:,}", t
        ),
        lambda t, _: re.sub(r"(?<![\d.,])([1-9]\d{0,2})0000(?![\d.,])", lambda m: f"{m[1]}万", t),
        lambda t, _: re.sub(r"(20\d\d)年(\d{1,2})月(?!\d)", r"\1 年 \2 月", t),
    ]
    rng.shuffle(ways)
    for way in ways:
        made = way(text, rng) or text
        if made != text:
            return made
    return None


_SAME = {
    Language.EN: (
        (r"\bbusinesses\b", "companies"), (r"\bfirms\b", "companies"), (r"\bemployees\b", "staff"),
        (r"\bused AI\b", "had AI in use"), (r"\bsay\b", "state"), (r"\bsaid\b", "stated"),
        (r"\bfewer than\b", "less than"), (r"\bmore than\b", "over"), (r"\brose\b", "increased"),
        (r"\bfell\b", "decreased"), (r"\bbegan\b", "started"), (r"\bstarted\b", "began"),
        (r"\bshould\b", "ought to"), (r"\bmust\b(?! not| be)", "has to"), (r"\bhelps\b", "assists"),
        (r"\bshow\b", "indicate"), (r"\bbuy\b", "purchase"), (r"\bneed to\b", "have to"),
        (r"\bbecause\b", "since"), (r"\bcannot\b", "can not"), (r"\bdoes not\b", "doesn't"),
        (r"\bfor example\b", "for instance"), (r"\bcustomers\b", "clients"), (r"\babout\b", "around"),
        (r"\bkeep\b", "retain"), (r"\bsuch as\b", "like"), (r"\bchoose\b", "select"),
    ),
    Language.ZH: (
        ("企业", "公司"), ("员工", "雇员"), ("使用", "运用"), ("因为", "由于"), ("(?<![不非])但(?!是)", "不过"), ("超过", "多于"),
        ("低于", "少于"), ("认为", "觉得"), ("应当", "应该"), ("应该", "应当"), ("帮助", "协助"), ("例如", "比如"),
        ("客户", "顾客"), ("开始", "着手"), ("目前", "现在"), ("显示", "表明"), ("需要", "须"), ("以及", "和"),
        ("大约", "约"), ("提高", "提升"), ("购买", "采购"), ("选择", "挑选"),
    ),
}  # fmt: skip


def said_otherwise(language: Language) -> Rule:
    """Return the rule that puts other words of the same meaning."""

    def rule(text: str, rng: Random) -> str | None:
        made, changed = text, 0
        same = list(_SAME[language])
        rng.shuffle(same)
        for old, new in same:
            turned = re.sub(old, new, made, count=1)
            if turned != made and changed < 2:
                made, changed = turned, changed + 1
        return made if changed else None

    return rule


_LEAD = re.compile(
    r"^((?:In|By|Since|Among|For|During|From|At) [^,]{4,60}), (?!says?\b)([^,]{15,})([.])$"
)
_LEAD_ZH = re.compile(r"^((?:在|截至|自|到)?[^，。：；]{0,8}20\d\d年(?:\d+月)?)，([^。]{8,})(。?)$")
_BOTH = re.compile(r"(?<=, )([a-z]{4,}) (and|or) ([a-z]{4,})(?=\.$)")


def reordered_en(text: str, rng: Random) -> str | None:
    """Move an opening phrase to the end, else swap two things of a list."""
    del rng
    match = _LEAD.match(text)
    if match:
        lead, rest, stop = match.groups()
        return f"{rest} {lead[0].lower()}{lead[1:]}{stop}"
    match = _BOTH.search(text)
    if match:
        one, joined, other = match.groups()
        return f"{text[: match.start()]}{other} {joined} {one}{text[match.end() :]}"
    return None


def reordered_zh(text: str, rng: Random) -> str | None:
    """Move an opening year to the end, else swap two things of a list."""
    del rng
    match = _LEAD_ZH.match(text)
    if match:
        lead, rest, stop = match.groups()
        return f"{rest}（{lead}）{stop}"
    match = re.search(r"([\u4e00-\u9fff]{2,6})、([\u4e00-\u9fff]{2,6})(?=[、，。和])", text)
    if match and match.start() == 0:
        return f"{match[2]}、{match[1]}{text[match.end() :]}"
    match = re.search(r"(?<=、)([\u4e00-\u9fff]{2,4})、([\u4e00-\u9fff]{2,4})(?=、)", text)
    return f"{text[: match.start()]}{match[2]}、{match[1]}{text[match.end() :]}" if match else None


# What must not be left out, and openings that need what follows.
_TURNING = re.compile(
    r"\b(?:but|not|no|only|if|unless|except|never|until)\b|除非|但|只|如果|才|不|没|未|无|否则|仅"
)
_OPEN = re.compile(
    r"(?:If|When|While|Although|Unless|Because)\b|如果|只要|只有|除非|因为|由于|当|虽然|尽管|即使|要是|若|直到|除了|按|把|在|对|从|向"
)


def shorter_en(text: str, rng: Random) -> str | None:
    """Leave out a part that changes nothing of the rest."""
    del rng
    for pattern in (
        r", (?:according to|say|says|said|by) [^,.]{3,60}(?=\.$)",
        r"^According to [^,]{3,60}, ",
        r" \([^()]{3,80}\)",
        r", (?:such as|including) [^.;]{3,80}(?=\.$)",
        r"(?:,|;) (?:and|while) [^,;.]{12,}(?=\.$)",
    ):
        left_out = re.search(pattern, text)
        if left_out is None or _TURNING.search(left_out.group()) or _OPEN.match(text):
            continue
        made = text[: left_out.start()] + text[left_out.end() :]
        if len(made) > 25:
            return made
    return None


def shorter_zh(text: str, rng: Random) -> str | None:
    """Leave out a part that changes nothing of the rest."""
    del rng
    for pattern in (r"^据[^，]{2,30}，", r"（[^（）]{2,40}）", r"，[^，。]{6,}(?=。$)"):
        left_out = re.search(pattern, text)
        if left_out is None or _TURNING.search(left_out.group()) or _OPEN.match(text):
            continue
        made = text[: left_out.start()] + text[left_out.end() :]
        if len(made) > 14 and not re.fullmatch(r"[^，]*年[^，]{0,6}。?", made):
            return made
    return None


def quoted(text: str, rng: Random) -> str | None:
    """Put a sentence in quotation marks."""
    del rng
    return f"“{text.rstrip('.。')}”"
