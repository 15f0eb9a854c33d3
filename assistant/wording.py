"""The assistant's own fixed sentences, in English and Chinese.

Knows: every phrase that is said without a source. Does not know facts: a phrase here claims nothing
about the world, so it needs no citation. Invariant: ``is_own_phrase`` is true for exactly the lead-in
phrases that a model may put between quotes.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import Grade, Language

_EN, _ZH = Language.EN, Language.ZH

OTHER_FIGURE = {
    _EN: "The sources give a different figure:",
    _ZH: "资料中的数字不同：",
}
SOURCES_DIFFER = {
    _EN: "The sources measure this differently:",
    _ZH: "各来源的口径不同：",
}
NOT_IN_LANGUAGE = {
    _EN: "Quoted from a source in Chinese:",
    _ZH: "以下引自英文资料：",
}
UNSURE = {
    _EN: "I am not sure that this is what you asked; the closest that the sources say:",
    _ZH: "不确定这是否正是您要问的，资料中最接近的内容：",
}
TABLE_HEAD = {_EN: ("Compared", "What the source says"), _ZH: ("比较项", "资料原文")}
PARTIAL = {
    _EN: "The answer broke off: what is shown is checked, but more may have been to come.",
    _ZH: "回答中断了：已显示的内容都经过核对，但可能还有未说完的部分。",
}
FELL_BACK = {
    _EN: "The language model could not be used, so the answer is quoted from the sources.",
    _ZH: "语言模型暂时无法使用，以下内容直接引自资料。",
}
FELL_BACK_UNSUPPORTED = {
    _EN: "What the language model wrote could not be confirmed, so the answer is quoted from the"
    " sources.",
    _ZH: "语言模型写的内容未能得到资料证实，以下内容直接引自资料。",
}
FELL_BACK_THINKING = {
    _EN: "The language model only thought and came to no answer, so the answer is quoted from the"
    " sources.",
    _ZH: "语言模型只进行了思考，没有给出回答，以下内容直接引自资料。",
}
FELL_BACK_BUDGET = {
    _EN: "Today's budget for the language model is used up, so the answer is quoted from the sources.",
    _ZH: "今天的语言模型费用已达上限，以下内容直接引自资料。",
}
WRITTEN = {
    _EN: {
        "quoted": "Quoted from the sources by the built-in answerer",
        "written": "Written by {model}",
        "itself": "Answered by FirstPilot itself",
        "left": "question and passages were sent to an outside service",
        "stayed": "nothing left this machine",
        "cost": "cost {cost}",
    },
    _ZH: {
        "quoted": "由内置答题器直接引自资料",
        "written": "由 {model} 撰写",
        "itself": "由 FirstPilot 自行回答",
        "left": "问题和相关段落已发送到外部服务",
        "stayed": "内容未离开本机",
        "cost": "费用 {cost}",
    },
}
"""Who wrote an answer, where text went, and what it cost."""
_LEAD_INS = frozenset(
    (
        *UNSURE.values(),
        *OTHER_FIGURE.values(),
        *SOURCES_DIFFER.values(),
        *NOT_IN_LANGUAGE.values(),
        *map(" ".join, TABLE_HEAD.values()),
    )
)

_GREETING = {
    _EN: "Hello! I answer questions about adopting AI in small and medium-sized firms, and every"
    " sentence I give you is checked against a source before you see it.",
    _ZH: "您好！我回答中小企业采用 AI 的问题，每一句话在显示之前都先与来源核对。",
}
_DOUBT = {
    _EN: "You need not take my word for it. Each sentence I show comes from a source, and the number"
    " behind it opens that source at the very words, with who published it, when, and how strong it"
    " is. I am a program: I sell nothing, and where the sources do not say, I tell you so.",
    _ZH: "您不必相信我的话。我给出的每一句都来自一份资料，点句末的编号就能看到原文、发布者、日期和可信程度。"
    "我是一个程序，不卖任何东西；资料里没有的内容，我会直接说明。",
}
_THANKS = {_EN: "You are welcome. Ask me anything else", _ZH: "不客气，还可以继续问我"}
_FAREWELL = {_EN: "Goodbye, and good luck with your first step.", _ZH: "再见，祝您的第一步顺利。"}
_COVERS = {_EN: "I can tell you about:", _ZH: "我能回答的内容："}
_LIMITS = {
    _EN: "If the sources do not say something, I tell you so instead of guessing.",
    _ZH: "资料里没有的内容，我会直接说明，不会猜测。",
}

_ABSTAIN = {
    _EN: "The knowledge base does not answer this, so I would rather not guess.",
    _ZH: "知识库里没有这个问题的答案，我不想猜测。",
}
_SEVERAL = {
    _EN: "You asked about several things; one at a time, I may know some of them.",
    _ZH: "您一次问了几件事；分开问，其中有的我也许能答。",
}
_LOOKED_FOR = {_EN: "I looked for: {items}.", _ZH: "我查找了：{items}。"}
_WHY = {
    "place": {
        _EN: "No source here covers {items}.",
        _ZH: "这里没有关于{items}的资料。",
    },
    "year": {
        _EN: "No source here gives figures for {items}.",
        _ZH: "这里没有{items}年的数据。",
    },
    "missing": {
        _EN: "The closest passages do not mention {items}.",
        _ZH: "最接近的段落没有提到{items}。",
    },
    "apart": {
        _EN: "No passage speaks of these together: {items}.",
        _ZH: "没有一段资料同时谈到{items}。",
    },
    "not-stated": {
        _EN: "The source says that it does not give this.",
        _ZH: "资料中注明没有给出这一信息。",
    },
    "far": {
        _EN: "The closest passages are about something else.",
        _ZH: "最接近的段落讲的是别的内容。",
    },
    "empty": {_EN: "No passage came near it.", _ZH: "没有相近的段落。"},
}
_NEAREST = {_EN: "Closest I have, for what it is worth:", _ZH: "最接近的内容供您参考："}

_NOTICE_AI = {
    _EN: "All of this rests on an article written by AI ({publisher}, {published}) that names no"
    " survey behind its figures. Treat them as orientation, not as statistics.",
    _ZH: "以上内容均来自一篇由 AI 生成的文章（{publisher}，{published}），文中未注明数据出自哪项调查。"
    "请作为参考，不要当作统计数据。",
}
_NOTICE_MIXED = {
    _EN: "The sources here are of different weight: {sources}.",
    _ZH: "这里的来源可信度不同：{sources}。",
}
_NOTICE_WITHHELD = {
    _EN: "{count} sentence(s) left out because they did not pass the check against the sources.",
    _ZH: "有 {count} 句话没有通过与资料的核对，已略去。",
}
_NOTICE_PARTIAL = {_EN: "This answer is incomplete: {why}", _ZH: "回答不完整：{why}"}


def is_own_phrase(text: str) -> bool:
    """Whether a sentence is one of the lead-ins that claim nothing."""
    return text.strip() in _LEAD_INS


def greeting(language: Language, topics: Sequence[str]) -> str:
    """Return a greeting that says what can be asked."""
    return f"{_GREETING[language]}\n\n{_topics(language, topics)}"


def ability(language: Language, topics: Sequence[str]) -> str:
    """Return what the assistant can do, and what it does when it cannot."""
    return f"{_GREETING[language]} {_LIMITS[language]}\n\n{_topics(language, topics)}"


def doubt(language: Language, topics: Sequence[str]) -> str:
    """Return why the assistant need not be trusted, and what it can be tried with."""
    return f"{_DOUBT[language]}\n\n{_topics(language, topics)}"


def thanks(language: Language) -> str:
    """Return the answer to thanks."""
    return _THANKS[language] + ("." if language is _EN else "。")


def farewell(language: Language) -> str:
    """Return a goodbye."""
    return _FAREWELL[language]


def abstention(
    language: Language,
    *,
    reason: str,
    missing: Sequence[str],
    looked_for: Sequence[str],
    several: bool = False,
) -> str:
    """Return what is said when the knowledge base does not answer; ``offer`` is to follow.

    Args:
        language: of the answer.
        reason: a key of the known reasons: place, year, missing, apart, not-stated, far, empty.
        missing: what the reason is about, as the reader put it.
        looked_for: what the question was taken to be about.
        several: whether it was taken for more than one question.
    """
    lines = [_ABSTAIN[language]]
    if missing or "{items}" not in _WHY[reason][language]:
        lines.append(_WHY[reason][language].format(items=_join(language, missing)))
    if looked_for:
        lines.append(_LOOKED_FOR[language].format(items=_join(language, looked_for)))
    if several:
        lines.append(_SEVERAL[language])
    separator = " " if language is _EN else ""
    return separator.join(lines)


def offer(language: Language, topics: Sequence[str]) -> str:
    """Return what can be asked instead."""
    return f"\n\n{_topics(language, topics)}"


def notice_for_grade(
    language: Language, grade: Grade, publisher: str, published: str
) -> str | None:
    """Return what a reader should be told when all evidence has one weak grade."""
    if grade is Grade.AI_GENERATED:
        return _NOTICE_AI[language].format(publisher=publisher, published=published)
    return None


def notice_mixed(language: Language, sources: Sequence[str]) -> str:
    """Return the line that names sources of different grades, each with date and grade."""
    separator = "; " if language is _EN else "；"
    return _NOTICE_MIXED[language].format(sources=separator.join(sources))


def notice_withheld(language: Language, count: int) -> str:
    """Return the line that counts sentences left out."""
    return _NOTICE_WITHHELD[language].format(count=count)


def notice_partial(language: Language, why: str) -> str:
    """Return the line that says why an answer stops short."""
    return _NOTICE_PARTIAL[language].format(why=why)


def _topics(language: Language, topics: Sequence[str]) -> str:
    return "\n".join((_COVERS[language], "", *(f"- {topic}" for topic in topics)))


def _join(language: Language, items: Sequence[str]) -> str:
    return (", " if language is _EN else "、").join(items)
