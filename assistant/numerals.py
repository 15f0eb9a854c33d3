"""Number words: English ("two hundred and five") and Chinese (二百零五, 一点五亿) to numbers.

Knows: how numbers are spelt. Does not know units or sentences. Invariant: what cannot be read as a
number gives None, never a guess.
"""

from __future__ import annotations

import re
from decimal import Decimal

_SMALL = {
    word: value
    for value, word in enumerate(
        [
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
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
ENGLISH_WORD = "|".join(sorted((*_SMALL, *_TENS, *_SCALES), key=len, reverse=True))
"""Regular expression of one English number word."""

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
CHINESE_CHARS = "零〇一二两三四五六七八九十百千万亿点"
"""Characters of a Chinese number, simplified."""


def parse_english(text: str) -> Decimal | None:
    """Read an English number such as ``twenty-five`` or ``two hundred and five thousand``."""
    total, group = 0, 0
    words = [word for word in re.split(r"[\s-]+", text.lower()) if word not in {"and", ""}]
    if not words or words[0] in _SCALES:
        return None
    for word in words:
        if word in _SMALL:
            group += _SMALL[word]
        elif word in _TENS:
            group += _TENS[word]
        elif word == "hundred":
            group *= 100
        elif word in _SCALES:
            total += group * _SCALES[word]
            group = 0
        else:
            return None
    return Decimal(total + group)


def parse_chinese(text: str) -> Decimal | None:
    """Read a simplified Chinese number such as 二百零五, 三万五千, 一点五亿 or 二八."""
    whole, point, fraction = text.partition("点")
    scale = Decimal(1)
    while point and fraction and fraction[-1] in _MYRIADS:
        scale *= _MYRIADS[fraction[-1]]
        fraction = fraction[:-1]
    value = _whole(whole)
    if value is None or (point and (not fraction or any(c not in _DIGITS for c in fraction))):
        return None
    if point:
        value += Decimal("0." + "".join(str(_DIGITS[c]) for c in fraction))
    return value * scale


def _whole(text: str) -> Decimal | None:
    """Read a Chinese whole number, by places (三百二十) or digit by digit (二〇二六)."""
    if not text:
        return None
    if all(char in _DIGITS for char in text):
        return Decimal("".join(str(_DIGITS[char]) for char in text))
    total, section, digit = 0, 0, 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _PLACES:
            section += (digit or 1) * _PLACES[char]
            digit = 0
        elif char in _MYRIADS:
            total = (total + section + digit) * _MYRIADS[char]
            section = digit = 0
        else:
            return None
    return Decimal(total + section + digit)
