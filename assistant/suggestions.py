"""What to ask next: questions that the sections near an answer are known to answer.

Knows: the questions sections list, and which of them read like one. Does not know pages. Invariant:
every suggestion is a listed question of a passage that was found, in the language asked in, and was
not asked before; nothing is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rapidfuzz import fuzz, process

from assistant.chunking import sentence_spans
from assistant.language import detect_language
from assistant.schema import Answer, Language, ListedQuestion, Passage

COUNT = 3
"""How many questions are offered."""
_ALIKE = 70
"""Likeness (0 to 100) from which two questions ask the same."""
_AUX = r"(?:do|does|did|is|are|was|were|can|could|should|may|must|will|would|has|have)"
_EN_QUESTION = re.compile(
    rf"{_AUX}\b"  # Should we wait
    rf"|(?:what|why|where|when|how|who|which)\s+{_AUX}\b"  # Why do firms wait
    rf"|(?:what|which|whose|how\s+\w+)\s.*\b{_AUX}\s+\S+\s+\S"  # Which tool should we buy
    r"|who\s+\w+s\s|what\s+happen(?:s|ed)\b|what\s+if\s+(?:i|we)\b"
    r"|how\s+many\s+\w+\s+(?:\w+\s+)?(?:use|need|have|work|lost|took|said)\b",
    re.IGNORECASE,
)
"""How an English question begins that has its verb where it belongs."""
_WHOLE = re.compile(
    r"\b(?:a|an|the|my|our|your|its|their|any|some|every|each|all|no|i|we|you|it|there|how many)\b",
    re.IGNORECASE,
)
"""A word that notes leave out: who writes one writes whole sentences."""
_LEAST_WORDS = 4
_NOTE = re.compile(r"[,;:(（]|\b(?<!in )(?<!of )(?<!by )(?<!since )20\d\d$|[一-鿿] +[一-鿿]")
"""What notes have: parts hung on behind."""
_ZH_QUESTION = re.compile(
    r"吗|么|什|怎|多少|哪|谁|几|如何|为何|是否|能不能|要不要|该不该|呢|有没有|可以"
)
_POINTING = re.compile(
    r"\b(?:this|these|those|they|them|he|she|else|the (?:story|firms?|company|study|source))\b"
    r"|^(?:\w+\s+)?\w+\s+it\s+(?!true|better|best|ok|legal|allowed|enough|worth|safe|possible|hard)"
    r"|[这那它他她]|上述",
    re.IGNORECASE,
)
"""Words that point at what a reader has not seen."""
_NAMES = {
    name.lower(): name
    for name in (
        *("AI", "EU", "UK", "USA", "SME", "SMEs", "GDPR", "ChatGPT", "HR", "API", "CV", "PDF"),
        *("OECD", "DBS", "DPD", "RAND", "ROI", "Copilot", "Gemini", "DeepSeek", "Qwen", "OpenAI"),
        *("China", "Chinese", "Singapore", "Germany", "German", "Europe", "European", "Britain"),
        *("British", "Japan", "Japanese", "Spain", "France", "India", "Canada", "Australia", "I"),
        *("Korea", "America", "American", "SaaS", "CNET", "Klarna", "Samsung", "Air Canada"),
    )
}
_FIRM = re.compile(
    r"\b(?:smes?|(?:small |smaller |medium |small and medium(?:-sized)? )?"
    r"(?:firms?|compan(?:y|ies)|business(?:es)?|enterprises?))\b|(?:中?小)?(?:企业|公司)"
)
"""What those are called whom every question here is about."""
_WORD = re.compile(r"[A-Za-z]+")
_NAMED = re.compile(r"(?<=[a-z,] )(?!US\b|I\b)[A-Z]\w+")
"""A word with a capital inside a sentence; "US" would turn "us" into a country."""


def suggest(answer: Answer, asked: Sequence[str] = (), count: int = COUNT) -> list[str]:
    """Return at most ``count`` questions to ask next, as a reader would write them.

    Args:
        answer: what was just answered; its cited passages come first.
        asked: what was asked before; the answer's own question need not be among it.
        count: how many to return at most.
    """
    cited = {citation.passage.chunk.id for citation in answer.citations}
    passages = sorted(answer.passages, key=lambda p: p.chunk.id not in cited)
    taken = [*asked, answer.question, answer.standalone_question]
    chosen: list[str] = []
    for question in _by_turns(passages, answer):
        if len(chosen) == count:
            break
        if not _is_like(question, taken):
            chosen.append(question)
            taken.append(question)
    return chosen


def _by_turns(passages: Sequence[Passage], answer: Answer) -> Iterator[str]:
    """Yield each passage's first question, then each one's second, and so on."""
    rows = [
        [
            wording
            for question in passage.chunk.questions
            if not _is_answered(question, passage, answer)
            and (wording := _worded(question.text, answer.language, passage.chunk.text))
        ]
        for passage in passages
    ]
    for turn in zip_longest(*rows):
        yield from filter(None, turn)


def _is_answered(question: ListedQuestion, passage: Passage, answer: Answer) -> bool:
    """Whether the very sentence that answers a question was just quoted."""
    quoted = [c for c in answer.citations if c.passage.chunk.id == passage.chunk.id]
    spans = sentence_spans(passage.chunk) if quoted and question.sentence is not None else []
    if question.sentence is None or question.sentence >= len(spans):
        return False
    start, end = (passage.chunk.start + at for at in spans[question.sentence])
    return any(c.start < end and start < c.end for c in quoted)


def _worded(text: str, language: Language, passage: str) -> str:
    """Return a listed question as one writes it, or "" when it does not read like one.

    Args:
        text: as listed; many are in small letters, and some are notes rather than sentences.
        language: that it must be in.
        passage: that lists it; how it writes names is right.
    """
    text = " ".join(text.split()).rstrip("?？.。")
    if detect_language(text) is not language or _POINTING.search(text) or _NOTE.search(text):
        return ""
    known = {name.lower(): name for name in _NAMED.findall(passage)} | _NAMES
    named = {low: name for low, name in known.items() if not re.search(rf"\b{low}\b", passage)}
    text = _WORD.sub(lambda m: named.get(m.group().lower(), m.group()), text)
    if language is Language.ZH:
        return f"{text}？" if _ZH_QUESTION.search(text) else ""
    whole = len(text.split()) >= _LEAST_WORDS and _WHOLE.search(text)
    return f"{text[0].upper()}{text[1:]}?" if whole and _EN_QUESTION.match(text) else ""


def _is_like(question: str, others: Sequence[str]) -> bool:
    """Whether a question asks what one of the others does, but for order and small words."""
    return (
        process.extractOne(
            question,
            others,
            scorer=fuzz.token_sort_ratio,
            processor=_compared,
            score_cutoff=_ALIKE,
        )
        is not None
    )


def _compared(text: str) -> str:
    """Return a text for comparison: Chinese without the spaces around Latin words."""
    text = _FIRM.sub("", text.lower().rstrip("?？。. "))
    return text.replace(" ", "") if detect_language(text) is Language.ZH else text
