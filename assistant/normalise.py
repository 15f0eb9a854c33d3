"""Normalisation: one way of writing for the same text.

Knows: Unicode's compatibility forms and halves of characters, case, traditional and simplified
Chinese (by OpenCC). Does not know words. Invariant: texts that differ in width, case or Chinese
characters alone come out equal.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")
# OpenCC takes these, written alike in both, for Taiwan's and would make 核心业务 "kernel business".
_COMMON_TO_BOTH = re.compile(r"(核心|程序|文件|停用|使用(?!者)|向量|贴上|貼上)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def normalise(text: str) -> str:
    """Fold width and compatibility forms, traditional Chinese to simplified, and case.

    Control and invisible characters become spaces. Taiwan's own words (資訊, 軟體) become
    those used on the mainland, by OpenCC.
    """
    text = _CONTROL.sub(" ", unicodedata.normalize("NFKC", text))
    if _HAN.search(text):
        text = simplified(text)
    return text.lower()


def whole_characters(text: str) -> str:
    """Return a text without halves of characters: what undecodable bytes and cut emoji leave."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def simplified_characters(text: str) -> str:
    """Return Chinese text in simplified characters, its words as they are."""
    return str(_characters().convert(whole_characters(text)))


def simplified(text: str) -> str:
    """Return Chinese text in simplified characters, words as used on the mainland.

    What is simplified already stays as it is: there 程序 is a program, in Taiwan a process (进程).
    """
    characters = str(_characters().convert(text))
    if characters == text:
        return text
    pieces = _COMMON_TO_BOTH.split(text)
    return "".join(
        piece if at % 2 else str(_words().convert(piece)) for at, piece in enumerate(pieces)
    )


@cache
def _words() -> Any:
    import opencc

    return opencc.OpenCC("tw2sp")


@cache
def _characters() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
