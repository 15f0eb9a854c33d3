"""Dialects: the American spellings a British one may stand for.

Knows: the regular differences between the two. Does not know any word. Invariant: what comes back
differs from the word given; a word that follows no pattern gives nothing.
"""

from __future__ import annotations

import re

_DIFFERENCES = tuple(
    (re.compile(british), american)
    for british, american in (
        (r"is(e|es|ed|er|ers|ing|able|ation|ations|ational)$", r"iz\1"),  # organise
        (r"ys(e|es|ed|er|ers|ing)$", r"yz\1"),  # analyse
        (r"our", "or"),  # colour, behaviour
        (r"([bt])re(s|d?)$", r"\1er\2"),  # centre, fibre
        (r"ll(ed|er|ers|ing|or|ors)$", r"l\1"),  # modelling, traveller
        (r"^(ap|dis|en|ful|in)(al|til|rol|fil|stil)(s|ment|ments|)$", r"\1\2l\3"),  # fulfil, enrol
        (r"lful", "llful"),  # skilful
        (r"ogue(s?)$", r"og\1"),  # catalogue
        (r"ence(s?|less)$", r"ense\1"),  # defence
        (r"[ao]e", "e"),  # paediatric
        (r"^scep", "skep"),  # sceptical
        (r"gramme(s?)$", r"gram\1"),  # programme
        (r"(dg|g)e(ment|ments|ing)$", r"\1\2"),  # judgement, ageing
        (r"que(s?)$", r"ck\1"),  # cheque
        (r"ould(s?|y|ing)$", r"old\1"),  # mould
    )
)


def american_spellings(word: str) -> set[str]:
    """Return how a lower-case word may be written in American English, by one difference or all."""
    single = {pattern.sub(american, word) for pattern, american in _DIFFERENCES}
    every = word
    for pattern, american in _DIFFERENCES:
        every = pattern.sub(american, every)
    return (single | {every}) - {word}
