"""Reasons: why a claim is or is not borne out, in words a reader understands.

Knows: the wording in English and Chinese. Does not know how anything was found. Invariant: every
finding has a sentence in both languages.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.findings import Finding, FindingKind
from assistant.reading import Word
from assistant.schema import Language

NAMED = 3
"""Missing words that are named at most."""
SAYS_MUCH = 0.5
"""Weight from which a missing word is worth naming."""

SAY: dict[Language, dict[str, str]] = {
    Language.EN: {
        "dangling": "cites [{}], which is not among the sources",
        "uncited": "names no source",
        "verbatim": "quoted word for word",
        "held": "its figures and words stand in the source",
        "missing": "the source does not mention: {}",
        "words": "too little of it stands in the source",
        "empty": "the cited passage has no sentence to compare with",
        "wordless": "there are no words in it to check",
        "unfinished": "breaks off in the middle of a sentence of the source",
        "fragment": "is no whole sentence",
    },
    Language.ZH: {
        "dangling": "引用了不存在的来源 [{}]",
        "uncited": "没有注明来源",
        "verbatim": "逐字引用",
        "held": "数字和用词都见于来源",
        "missing": "来源没有提到：{}",
        "words": "大部分内容在来源中找不到",
        "empty": "所引段落没有可比对的句子",
        "wordless": "没有可以核对的文字",
        "unfinished": "来源中的这句话没有说完",
        "fragment": "不是完整的句子",
    },
}
_OTHERWISE: dict[Language, dict[FindingKind, str]] = {
    Language.EN: {
        FindingKind.FIGURE: "{theirs} in the source, {ours} in the answer",
        FindingKind.MEASURED: "{ours} in the answer belongs to something else; the source says {theirs} here",
        FindingKind.NUMBER: "number {theirs} in the source, {ours} in the answer",
        FindingKind.NAME: "the source does not name {ours}",
        FindingKind.EXCHANGED: "{theirs} in the source, {ours} in the answer",
        FindingKind.NEGATION: "the source says it the other way round, or not at all",
        FindingKind.DIRECTION: "the source says the opposite direction",
        FindingKind.COMPARISON: "the source compares the other way round",
        FindingKind.ADVICE: "the source tells a fact and gives no such advice",
        FindingKind.DETAIL: "the source does not say: {ours}",
        FindingKind.OPEN: "it is a part of a sentence that also says: {theirs}",
    },
    Language.ZH: {
        FindingKind.FIGURE: "来源中是 {theirs}，回答中是 {ours}",
        FindingKind.MEASURED: "回答中的 {ours} 说的是另一件事；来源此处是 {theirs}",
        FindingKind.NUMBER: "来源中的编号是 {theirs}，回答中是 {ours}",
        FindingKind.NAME: "来源没有提到 {ours}",
        FindingKind.EXCHANGED: "来源中是 {theirs}，回答中是 {ours}",
        FindingKind.NEGATION: "来源的说法相反或没有这样说",
        FindingKind.DIRECTION: "来源说的方向相反",
        FindingKind.COMPARISON: "来源的比较方向相反",
        FindingKind.ADVICE: "来源陈述的是事实，没有给出这样的建议",
        FindingKind.DETAIL: "来源没有说：{ours}",
        FindingKind.OPEN: "只取了来源中一句话的一部分，其余是：{theirs}",
    },
}  # fmt: skip
_NOTHING = {Language.EN: "no such figure", Language.ZH: "没有这个数字"}


def otherwise(finding: Finding, language: Language) -> str:
    """Return one finding in words."""
    theirs = finding.theirs or _NOTHING[language]
    return _OTHERWISE[language][finding.kind].format(ours=finding.ours, theirs=theirs)


def too_little(missing: Sequence[Word], language: Language) -> str:
    """Return why a claim that differs in nothing particular is not borne out."""
    words = list(dict.fromkeys(word.surface for word in missing if word.weight >= SAYS_MUCH))
    if not words:
        return SAY[language]["words"]
    joined = ("、" if language is Language.ZH else ", ").join(words[:NAMED])
    return SAY[language]["missing"].format(joined)
