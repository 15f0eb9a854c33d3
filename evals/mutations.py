"""Mutations: claims whose truth is known, made by rule out of sentences of the knowledge base.

Knows: how to make a true sentence false (another figure, unit, year, name, ...) or to say it
otherwise (order, notation, words of the same meaning), in English and Chinese. Does not know how
claims are verified, and reads no figure or name by the verifier's own rules, so that what the
verifier does not see is planted all the same. Invariant: the same documents give the same claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from random import Random

from assistant import Language, Passage, knowledge_passages, sentences_of


class Kind(StrEnum):
    """How a claim was made."""

    FIGURE = "figure"
    UNIT = "unit"
    YEAR = "year"
    ENTITY = "entity"
    NEGATION = "negation"
    DIRECTION = "direction"
    CITATION = "swapped citation"
    MERGED = "merged facts"
    DETAIL = "added detail"

    QUOTE = "quote"
    REORDER = "reordering"
    NOTATION = "unit notation"
    NUMBER = "number words"
    SYNONYM = "paraphrase"
    SHORTER = "left out"
    TRANSLATION = "translation"


FALSE = frozenset(
    {
        Kind.FIGURE, Kind.UNIT, Kind.YEAR, Kind.ENTITY, Kind.NEGATION, Kind.DIRECTION,
        Kind.CITATION, Kind.MERGED, Kind.DETAIL,
    }
)  # fmt: skip
"""Kinds that make a sentence false; the others keep it true."""
FIGURE_ERRORS = frozenset({Kind.FIGURE, Kind.UNIT, Kind.YEAR})
"""Kinds that plant a wrong figure."""
FIGURE_NOTATIONS = frozenset({Kind.NOTATION, Kind.NUMBER})
"""True kinds that write a figure in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence that can be quoted, and the passage that holds it."""

    text: str
    passage: Passage

    @property
    def language(self) -> Language:
        """The language it is in."""
        return self.passage.document.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A claim with a known truth; it cites the first of its passages."""

    kind: Kind
    text: str
    passages: tuple[Passage, ...]
    original: str
    home: str
    """What the document of the original and its translations have in common."""

    @property
    def true(self) -> bool:
        """Whether the first passage bears it out."""
        return self.kind not in FALSE

    @property
    def language(self) -> Language:
        """The language of the passage."""
        return self.passages[0].document.language


def knowledge_sentences(folder: Path) -> list[Sentence]:
    """Return every sentence of a knowledge folder that can be quoted, in order."""
    return [
        Sentence(text=text, passage=passage)
        for passage in knowledge_passages(folder)
        for text in sentences_of(passage)
    ]


def mutants(sentences: Sequence[Sentence]) -> Iterator[Mutant]:
    """Yield every mutation that a rule can make, at most one of each kind for each sentence.

    Args:
        sentences: in the order of their documents; neighbours lend each other their facts.
    """
    names = {language: _names_of(sentences, language) for language in Language}
    by_passage: dict[str, list[str]] = {}
    for sentence in sentences:
        by_passage.setdefault(sentence.passage.chunk.id, []).append(sentence.text)
    for sentence in sentences:
        yield from _of_one(sentence, names[sentence.language])
        rng = _rng(sentence.text, Kind.MERGED)
        beside = [text for text in by_passage[sentence.passage.chunk.id] if text != sentence.text]
        merged = _merged(sentence.text, beside, rng)
        if merged:
            yield _mutant(Kind.MERGED, merged, sentence)
        elsewhere = _elsewhere(sentence, sentences, _rng(sentence.text, Kind.CITATION))
        if elsewhere:
            yield Mutant(
                kind=Kind.CITATION,
                text=sentence.text,
                passages=(elsewhere,),
                original=sentence.text,
                home=sentence.passage.document.twin_key,
            )


def translations(
    sentences: Iterable[Sentence], twins: Callable[[Sentence], Sentence | None]
) -> Iterator[Mutant]:
    """Yield each sentence as a claim about the passage that is its translation."""
    for sentence in sentences:
        twin = twins(sentence)
        if twin is not None:
            yield Mutant(
                kind=Kind.TRANSLATION,
                text=twin.text,
                passages=(sentence.passage,),
                original=sentence.text,
                home=sentence.passage.document.twin_key,
            )


_Rule = Callable[[str, Random], str | None]


def _of_one(sentence: Sentence, names: Sequence[str]) -> Iterator[Mutant]:
    """Yield what can be made of one sentence alone."""
    rules: dict[Kind, _Rule] = dict(_RULES[sentence.language])
    rules[Kind.ENTITY] = lambda text, rng: _other_name(text, names, rng)
    held = _fold(sentence.passage.chunk.text)
    for kind, rule in rules.items():
        made = rule(sentence.text, _rng(sentence.text, kind))
        # What the passage happens to say elsewhere is no error.
        if made and made != sentence.text and not (kind in FALSE and _fold(made) in held):
            yield _mutant(kind, made, sentence)


def _mutant(kind: Kind, text: str, sentence: Sentence) -> Mutant:
    return Mutant(
        kind=kind,
        text=text[:1].upper() + text[1:] if re.match(r"[a-z][a-z]* ", text) else text,
        passages=(sentence.passage,),
        original=sentence.text,
        home=sentence.passage.document.twin_key,
    )


def _rng(text: str, kind: Kind) -> Random:
    return Random(sha256(f"{kind}\0{text}".encode()).digest())  # noqa: S311 - no secret


def _fold(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


# ---- figures
_DIGITS = re.compile(
    r"(?<![A-Za-z\d.,/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d/-]*[A-Za-z]{2}|[\d/]|[.,-]\d)"
)
_YEAR = re.compile(r"(?<![\d.,/-])(?:19[5-9]|20[0-3])\d(?![\d%/]|[.,-]\d)")


def _figures(text: str) -> list[re.Match[str]]:
    """Return the numbers in digits, years left out."""
    years = {match.span() for match in _YEAR.finditer(text)}
    return [match for match in _DIGITS.finditer(text) if match.span() not in years]


def _other_figure(text: str, rng: Random) -> str | None:
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


def _other_year(text: str, rng: Random) -> str | None:
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


def _other_unit(language: Language) -> _Rule:
    def rule(text: str, rng: Random) -> str | None:
        made = []
        for old, new in _UNITS[language]:
            before = old in {"£", "€", "$", "EUR ", "USD "}
            pattern = rf"{re.escape(old)}(?=\d)" if before else rf"(?<=\d){re.escape(old)}(?![a-z])"
            made += [text[: m.start()] + new + text[m.end() :] for m in re.finditer(pattern, text)]
        return rng.choice(made) if made else None

    return rule


def _merged(text: str, beside: Sequence[str], rng: Random) -> str | None:
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
_PLACES = {
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


def _names_in(text: str, language: Language) -> list[re.Match[str]]:
    """Return names: Latin words with a capital that begin no sentence, and countries."""
    places = re.compile("|".join(_PLACES[language]))
    found = list(places.finditer(text))
    taken = [match.span() for match in found]
    for match in _NAME.finditer(text):
        begins = language is Language.EN and _SENTENCE_OPEN.search(text[: match.start()])
        apart = all(match.end() <= start or end <= match.start() for start, end in taken)
        if apart and not begins and not _NO_NAMES.match(match.group()):
            found.append(match)
    return found


def _names_of(sentences: Sequence[Sentence], language: Language) -> list[str]:
    """Return the names that stand in sentences of a language, countries left out."""
    return sorted(
        {
            match.group()
            for sentence in sentences
            if sentence.language is language
            for match in _names_in(sentence.text, language)
        }
        - set(_PLACES[language])
    )


def _other_name(text: str, names: Sequence[str], rng: Random) -> str | None:
    language = Language.ZH if re.search(r"[\u4e00-\u9fff]", text) else Language.EN
    found = _names_in(text, language)
    if not found:
        return None
    match = rng.choice(found)
    place = match.group() in _PLACES[language]
    others = [name for name in (_PLACES[language] if place else names) if name not in text]
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


def _negated_en(text: str, rng: Random) -> str | None:
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


def _negated_zh(text: str, rng: Random) -> str | None:
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


def _turned(language: Language) -> _Rule:
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


def _detailed(language: Language) -> _Rule:
    def rule(text: str, rng: Random) -> str | None:
        body = text.rstrip(" .。!！?？")
        return body + rng.choice(_DETAILS[language]) + text[len(body) :]

    return rule


def _elsewhere(sentence: Sentence, others: Sequence[Sentence], rng: Random) -> Passage | None:
    """Return a passage of the same language that does not hold a sentence."""
    key = sentence.passage.document.twin_key
    there = [
        other.passage
        for other in rng.sample(list(others), min(20, len(others)))
        if other.language is sentence.language
        and other.passage.document.twin_key != key
        and _fold(sentence.text) not in _fold(other.passage.chunk.text)
    ]
    return there[0] if there else None


# ---- what keeps a sentence true
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
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


def _in_words_en(text: str, rng: Random) -> str | None:
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


def _in_words_zh(text: str, rng: Random) -> str | None:
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


_MONTHS = (
    "January February March April May June July August September October November December".split()
)


def _notation_en(text: str, rng: Random) -> str | None:
    made = text
    ways: list[_Rule] = [
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


def _notation_zh(text: str, rng: Random) -> str | None:
    ways: list[_Rule] = [
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


def _said_otherwise(language: Language) -> _Rule:
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


def _reordered_en(text: str, rng: Random) -> str | None:
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


def _reordered_zh(text: str, rng: Random) -> str | None:
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


def _shorter_en(text: str, rng: Random) -> str | None:
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


def _shorter_zh(text: str, rng: Random) -> str | None:
    del rng
    for pattern in (r"^据[^，]{2,30}，", r"（[^（）]{2,40}）", r"，[^，。]{6,}(?=。$)"):
        left_out = re.search(pattern, text)
        if left_out is None or _TURNING.search(left_out.group()) or _OPEN.match(text):
            continue
        made = text[: left_out.start()] + text[left_out.end() :]
        if len(made) > 14 and not re.fullmatch(r"[^，]*年[^，]{0,6}。?", made):
            return made
    return None


def _quoted(text: str, rng: Random) -> str | None:
    del rng
    return f"“{text.rstrip('.。')}”"


_RULES: dict[Language, dict[Kind, _Rule]] = {
    Language.EN: {
        Kind.FIGURE: _other_figure,
        Kind.UNIT: _other_unit(Language.EN),
        Kind.YEAR: _other_year,
        Kind.NEGATION: _negated_en,
        Kind.DIRECTION: _turned(Language.EN),
        Kind.DETAIL: _detailed(Language.EN),
        Kind.QUOTE: _quoted,
        Kind.REORDER: _reordered_en,
        Kind.NOTATION: _notation_en,
        Kind.NUMBER: _in_words_en,
        Kind.SYNONYM: _said_otherwise(Language.EN),
        Kind.SHORTER: _shorter_en,
    },
    Language.ZH: {
        Kind.FIGURE: _other_figure,
        Kind.UNIT: _other_unit(Language.ZH),
        Kind.YEAR: _other_year,
        Kind.NEGATION: _negated_zh,
        Kind.DIRECTION: _turned(Language.ZH),
        Kind.DETAIL: _detailed(Language.ZH),
        Kind.QUOTE: _quoted,
        Kind.REORDER: _reordered_zh,
        Kind.NOTATION: _notation_zh,
        Kind.NUMBER: _in_words_zh,
        Kind.SYNONYM: _said_otherwise(Language.ZH),
        Kind.SHORTER: _shorter_zh,
    },
}
