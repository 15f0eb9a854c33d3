"""Which language a text is in, and where its sentences end.

Knows: the two writing systems the assistant speaks. Does not know words or meaning. Invariant:
sentence spans never overlap, come in order, and leave out nothing but white space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.schema import Language

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
# English words that hold a sentence together: they tell an English frame from quoted names.
_FRAME = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "about",
        "as",
        "into",
        "than",
        "and",
        "or",
        "but",
        "if",
        "is",
        "are",
        "was",
        "were",
        "be",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "what",
        "which",
        "who",
        "when",
        "where",
        "why",
        "how",
        "can",
        "could",
        "should",
        "would",
        "will",
        "my",
        "our",
        "your",
        "it",
        "its",
        "they",
        "this",
        "that",
        "there",
        "not",
        "mean",
        "means",
        "tell",
        "me",
        "i",
        "we",
        "you",
    ]
)

_CLOSERS = "\"'”’)]）】」』》*_"
_ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "etc",
        "v",
        "vs",
        "cf",
        "approx",
        "no",
        "nos",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "inc",
        "ltd",
        "co",
        "corp",
        "st",
        "fig",
        "al",
        "est",
        "dept",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "u.s",
        "u.k",
        "e.u",
        "a.m",
        "p.m",
        "vol",
        "pp",
        "ed",
        "eds",
        "incl",
        "excl",
    ]
)
_OPEN, _CLOSE = "([（【「『《“", ")]）】」』》”"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character offsets."""

    start: int
    end: int


def detect_language(text: str) -> Language:
    """Return the language a text is written in; names quoted from the other one do not count.

    A text without any letter is taken for English.
    """
    han = len(_HAN.findall(text))
    if not han:
        return Language.EN
    words = [word.lower() for word in _LATIN_WORD.findall(text)]
    framing = sum(word in _FRAME for word in words)
    if framing >= 2 and framing * 3 > han / 2:
        return Language.EN
    return Language.ZH if han * 2 >= len(words) else Language.EN


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a text, trimmed of white space, in order.

    A newline ends a sentence; so do 。！？ and, before white space or the end, . ! and ?, with the
    quotes and brackets that close behind them. A stop inside brackets, an abbreviation or a number
    ends none.
    """
    spans: list[Span] = []
    start = 0
    for end in _ends(text):
        piece = text[start:end]
        trimmed = piece.strip()
        if trimmed:
            at = start + len(piece) - len(piece.lstrip())
            spans.append(Span(at, at + len(trimmed)))
        start = end
    return spans


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a sentence's end, whatever may follow; "28." may become "28.3"."""
    text = text.rstrip()
    bare = text.rstrip(_CLOSERS)
    if text == bare and re.search(r"\d\.\Z", text):
        return False
    return bare.endswith(tuple("。！？.!?…")) and len(split_sentences(f"{text} x")) > len(
        split_sentences(text)
    )


def _ends(text: str) -> list[int]:
    """Return the offsets behind each sentence's last character; the last one is the text's end."""
    ends: list[int] = []
    depth = at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\n":
            ends.append(at)
            depth = 0
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in "。！？.!?…" and (at == len(text) or text[at] not in "。！？.!?…"):
            behind = _behind_closers(text, at)
            closes = sum(c in _CLOSE for c in text[at:behind])
            if depth <= closes and _stops(text, at - 1, behind):
                ends.append(behind)
                at = behind
                depth = 0
    return [*ends, len(text)]


def _behind_closers(text: str, at: int) -> int:
    """Return the offset behind the quotes and brackets that follow a stop."""
    while at < len(text) and text[at] in _CLOSERS:
        at += 1
    return at


def _stops(text: str, at: int, behind: int) -> bool:
    """Whether the mark at ``at`` ends a sentence whose closers end at ``behind``."""
    if text[at] in "。！？":
        return True
    if behind < len(text) and not text[behind].isspace():
        # "Yes.然后" ends a sentence; "3.5" and "example.com" do not.
        return bool(_HAN.match(text[behind])) and text[at] in "!?."
    if text[at] == "…" or text[max(0, at - 2) : at + 1] == "...":
        following = text[behind:].lstrip()
        return not following or not following[0].islower()
    if text[at] != ".":
        return True
    word = re.search(r"[A-Za-z][A-Za-z.]*$", text[max(0, at - 12) : at])
    if word and behind < len(text) and text[behind] != "\n":
        following = text[behind:].lstrip()[:1]
        plain = word.group().lower()
        if plain in _ABBREVIATIONS:
            return plain in {"etc", "u.s", "u.k", "e.u", "a.m", "p.m"} and following.isupper()
        if len(plain) == 1 and word.group().isupper():
            return False
    # A list number at the start of a line ("1. Start small") is no sentence.
    line = text[text.rfind("\n", 0, at) + 1 : at].strip(" \t>")
    return not line.isdigit()
