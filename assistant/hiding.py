"""Hiding: a text as it may be shown, without what looks like a key or a password.

Knows: where people put keys into addresses, and what keys look like. Does not know which key is
set. Invariant: what stands in an address before its ``@``, or after its ``?`` or ``#``, is not in
the result.
"""

from __future__ import annotations

import re

_SECRETS = (
    # http://user:password@host, and the same without its beginning
    (re.compile(r"(://)[^/@\s]+(?=@)"), r"\1***"),
    (re.compile(r"[^\s/@,:'\"]+:[^\s/@,'\"]+(?=@(?!https?://))"), "***"),
    # http://host/v1?key=...
    (re.compile(r"(://[^\s?#,]*[?#])[^\s,'\"]+"), r"\1***"),
    (re.compile(r"((?:key|token|secret|password)=)[^\s&,'\"]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\b(?:sk|pk|key|Bearer)[-_ ][\w*.-]{6,}", re.IGNORECASE), "***"),
)


def hidden(text: str) -> str:
    """Return a text with ``***`` in the place of whatever may be a secret."""
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text
