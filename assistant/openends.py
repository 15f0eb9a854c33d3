"""Open ends: what is only a part of a source's sentence, and whether the rest turns it round.

Knows: the words that turn a part round: negations, conditions, reservations. Does not know verdicts
or markers. Invariant: what stands somewhere in the source as a whole sentence has no open end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from assistant.markdown import quotable_spans
from assistant.normalise import normalise
from assistant.polarity import turns_of
from assistant.reading import Reading
from assistant.schema import Passage
from assistant.units import placed_units, units_of

LEAST = 3
"""Units from which what two sentences share is a part rather than a common word."""
LABEL = 3
"""Units that may go before a part."""

_BOUND = re.compile(
    r"[,:](?!\d)|[;，；：。、（）()–—]|\b(?:and|because|while|whereas|although|though|so|since|when|which|who)\b"
    r"|而且|并且|因为|虽然"
)
_RESERVES = re.compile(
    r"\b(?:unless|except|but|if|until|till|provided|as long as)\b"
    r"|但|却|然而|除非|除了|除外|如果|只要|只有|前提|否则|直到|而不|而非"
)
"""Behind a part, however far."""
_CONDITIONS = re.compile(r"\b(?:unless|if|provided)\b|除非|如果|只有|只要")
"""Before a part, however far."""
_FALSE = re.compile(r"\b(?:wrong|myths?|incorrect|mistaken|illegal|unlikely)\b|错误|谣言|误解|不实")
_IS_FALSE = re.compile(
    rf"\b(?:this|that|which|it|they) (?:is|was|are|were) [^,.]{{0,20}}(?:{_FALSE.pattern})"
    rf"|[这那][^，。]{{0,6}}(?:{_FALSE.pattern})|并非如此|并不如此"
)
_ONLY = re.compile(r"\bonly\b|仅|只")
_HARDLY = re.compile(r"(?<!\ba )\bfew\b|\b(?:rarely|seldom|little)\b|很少|极少|少有|少数")


def stands_whole(text: str, passages: Sequence[Passage]) -> bool:
    """Whether a text is a whole sentence, list item or cell of passages, dress apart."""
    wanted = _bare(text)
    return bool(wanted) and any(sentence == wanted for sentence in _sentences(passages))


def breaks_off(text: str, passages: Sequence[Passage]) -> bool:
    """Whether a text only begins a sentence of passages, be it in the middle of a word."""
    wanted, sentences = _bare(text), set(_sentences(passages))
    if not wanted or wanted in sentences:
        return False
    return any(sentence.startswith(wanted) for sentence in sentences)


def turned_by(claim: Reading, sentences: Sequence[Reading]) -> str | None:
    """Return what turns round a claim that repeats a part of a sentence, wherever that stands.

    None where it is no part, or stands somewhere without what turns it. A label before the part
    ("Cost", "Also,") hides it no more than another first clause does.
    """
    clause = units_of(_BOUND.split(claim.plain.rstrip(" .。!！?？"))[-1])
    for units in (claim.units, *(claim.units[n:] for n in range(1, LABEL + 1)), clause):
        rests = list(_rests(units, sentences)) if len(units) >= LEAST else []
        if rests:
            whole = units is claim.units
            turns = [_turn(before if whole else "", behind) for before, behind in rests]
            return turns[0] if all(turns) else None
    return None


def _rests(units: Sequence[str], sentences: Sequence[Reading]) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind each place where sentences hold units one by one."""
    wanted, size = tuple(units), len(units)
    triples = set(zip(wanted, wanted[1:], wanted[2:], strict=False))
    for sentence in sentences:
        if not triples <= sentence.triples:
            continue
        for at in range(len(sentence.units) - size + 1):
            if sentence.units[at : at + size] == wanted:
                places = [(start, end) for _, start, end in placed_units(sentence.plain)]
                first, last = places[at][0], places[at + size - 1][1]
                yield sentence.plain[:first], sentence.plain[last:]


def _turn(before: str, behind: str) -> str | None:
    """Return the rest of a sentence that turns round what stands between, None without."""
    head, tail = _head(behind), _BOUND.split(before)[-1]
    if _denied(head) or _ONLY.search(head) or _RESERVES.search(behind) or _IS_FALSE.search(behind):
        return behind.strip()
    denied = turns_of(tail).negations or _FALSE.search(tail) or _HARDLY.search(tail)
    return before.strip() if denied or _CONDITIONS.search(before) else None


def _head(behind: str) -> str:
    """Return what goes on with a clause."""
    return _BOUND.split(behind, maxsplit=1)[0]


def _denied(head: str) -> str | None:
    """Return what goes on with a clause if it denies it, None if it does not."""
    return head.strip() if turns_of(head).negations or _FALSE.search(head) else None


def _sentences(passages: Sequence[Passage]) -> Iterator[str]:
    texts = (passage.chunk.text for passage in passages)
    return chain.from_iterable(
        (_bare(text[start:end]) for start, end in quotable_spans(text)) for text in texts
    )


def _bare(text: str) -> str:
    """Return the letters and digits of a text, normalised."""
    return re.sub(r"[\W_]+", "", normalise(text))
