"""Tokens: how long a text is for a language model, counted without the network.

Knows: the o200k vocabulary, which travels inside the ``bpe-openai`` package, and how to estimate
when that package is missing. Does not know prompts. Invariant: counting never downloads anything.
"""

from __future__ import annotations

import gzip
import logging
import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

_log = logging.getLogger(__name__)

OTHER_TOKENIZERS = 1.25
"""How many more tokens than o200k another model's tokenizer may need for the same text; measured
on English and Chinese prose, Markdown and code against Qwen3 and DeepSeek, whose worst was 1.24."""

_LONG = 200_000
"""Characters from which on a text is estimated: it fits no model, and counting takes seconds."""
# How o200k cuts text before it merges bytes; the vocabulary is of no use without it.
_PATTERN = "|".join((
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
))  # fmt: skip
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")


def count_tokens(text: str) -> int:
    """Return how many o200k tokens a text has.

    Without vocabulary, and for a very long text, it is an estimate, rather too high.
    """
    encoding = _encoding()
    if encoding is None or len(text) > _LONG:
        return estimate_tokens(text)
    return len(encoding.encode(text, disallowed_special=()))


def estimate_tokens(text: str) -> int:
    """Estimate tokens from characters: one a Chinese character, one for three bytes of others."""
    wide = len(_WIDE.findall(text))
    return wide + -(-len(_WIDE.sub("", text).encode("utf-8", "replace")) // 3)


def how_many_fit(texts: Sequence[str], budget: int, count: Callable[[str], int]) -> int:
    """Return how many texts, from the first on, have at most ``budget`` tokens together."""
    used = 0
    for number, text in enumerate(texts):
        used += count(text)
        if used > budget:
            return number
    return len(texts)


@cache
def _encoding() -> Encoding | None:
    """Return the o200k encoding, or None after one warning."""
    import tiktoken

    try:
        packed = (files("bpe_openai.data") / "o200k_base.tiktoken.gz").read_bytes()
        lines = gzip.decompress(packed).splitlines()
        ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
        return tiktoken.Encoding(
            "o200k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={}
        )
    except (ImportError, OSError, ValueError) as exc:
        _log.warning("tokens are estimated: the o200k vocabulary cannot be read (%s)", exc)
        return None
