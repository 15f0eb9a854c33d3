"""Units: English stems, numbers and single Chinese characters, with their places.

Knows: how normalised text falls into the smallest things a phrase is made of, and English stems.
Does not know Chinese words (``segmentation``) nor concepts (``terms``). Invariant: units come in
order and never overlap, and each lies where its offsets say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*%?|[\u4e00-\u9fff\u3400-\u4dbf]+")
HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]+")


def units_of(text: str) -> tuple[str, ...]:
    """Cut normalised text into English stems, numbers and single Chinese characters."""
    return tuple(unit for unit, _, _ in placed_units(text))


def placed_units(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield units with their half-open offsets."""
    for match in WORD.finditer(text):
        word, at = match.group(), match.start()
        if HAN.match(word):
            yield from ((char, at + i, at + i + 1) for i, char in enumerate(word))
        else:
            yield stem(word), at, match.end()


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the Snowball stem of a lower-case English word; numbers stay as they are."""
    if not word[0].isalpha():
        return word.replace(",", "")
    return str(_stemmer().stemWord(word.split("'")[0].split("’")[0]))


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
