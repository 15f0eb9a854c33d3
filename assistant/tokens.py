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

KNOWN_TOKENIZER, UNKNOWN_TOKENIZER = 1.25, 2.0
"""How many more tokens than o200k another model's tokenizer may need for the same text. Measured on
English and Chinese prose, Markdown and code: Qwen3 and DeepSeek at worst 1.24; SmolLM2, made for
English, 1.94 on our Chinese text, and nobody knows which model is behind a server's name."""
FEWER_TOKENS = 1.5
"""How many more tokens o200k needs than another tokenizer: at worst 1.44, on Chinese, of Qwen3."""
_KNOWN_MODELS = re.compile(r"qwen|deepseek|gpt-?(?:[5-9]|4o|4\.1|oss)", re.IGNORECASE)
_OTHER_INSIDE = re.compile(r"llama|gemma|mistral", re.IGNORECASE)

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


def token_margin(model: str) -> float:
    """Return how many tokens of a model there may be for one of ``count_tokens``.

    Args:
        model: its name, or the name of its file; a distilled one has the tokenizer of the model
            that it was distilled into.
    """
    known = _KNOWN_MODELS.search(model) and not _OTHER_INSIDE.search(model)
    return KNOWN_TOKENIZER if known else UNKNOWN_TOKENIZER


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
