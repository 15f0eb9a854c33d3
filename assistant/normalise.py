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
    """Return Chinese text in simplified characters, words as used on the mainland."""
    return str(_opencc().convert(text))


@cache
def _opencc() -> Any:
    import opencc

    return opencc.OpenCC("tw2sp")


@cache
def _characters() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
