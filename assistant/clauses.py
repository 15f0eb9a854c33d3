"""Clauses: a text that asks twice is as many questions.

Knows: where one clause that asks ends and the next begins, and which of them cannot stand alone.
Does not know passages. Invariant: what is said before a clause that asks stays with it, and a place
of the first clause holds for those after it that have none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

MOST_CLAUSES = 3
"""Clauses that ask in one text; more are too many for one answer."""
LEAST_WORDS, LEAST_CHARACTERS = 6, 8
"""English words or Chinese characters of a clause that stands alone: "how much for us" does not."""

_BREAK = re.compile(
    r"\s*(?P<mark>[,;:，；：。?？!！]+|\s/{1,2}\s|\s\+\s|[.](?=\s|$))\s*"
    r"(?:(?:and|but|while|whereas|so|then|而|但|另外|还有|那)\b\s*)?"
    r"|\s+(?:and|but|while|whereas)\s+"
    r"(?=(?:how|what|whats|when|which|who|why|where|is|are|does|do|did|can)\b)"
)
ASKS_CLAUSE = re.compile(
    r"\b(?:what|whats|what's|how|why|whose|whom)\b"
    r"|^(?:(?:from|since|until|by|in|at|for|to|with|on|after|before) )?(?:which|who|when|where)\b"
    r"|^(?:is|are|was|were|does|do|did|can|could|may|must|should|will|would|has|have)\b"
    r"|什么|怎么|怎样|为何|多少|几|哪|谁|吗|是否|如何|啥|多[久长高]"
    r"|[能要可会是有行]不|(.)不\1|不[?]?$"
)
_CONDITION = re.compile(
    r"^(?:(?:if|once|because|as|unless)\b|(?:since|after|before)\b(?! (?:how|what|which|when)\b)"
    r"|如果|要是|因为|既然|只要)"
)
_RELATIVE = re.compile(r"^(?:which|who|whose|where|when|as)\b")
_POINTS_BACK = re.compile(
    r"^(?:\S+ ){0,4}(?:it|its|they|them|their|this|that|these|those|he|she|his|her|so|then|there)\b"
    r"|\bthe (?:one|others?|same|first|second|former|latter|rest|two|three|lot)\b"
    r"|\bof (?:them|it|those)\b"
    r"|^.{0,2}[它他她其这那]|同样|相同|后者|前者|两者|两家|呢[?]?$"
)
_WORD = re.compile(r"[a-z0-9][a-z0-9'.%-]*")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def by_clauses(
    core: str, places: Collection[str], names: Collection[str]
) -> Iterator[tuple[str, ...]]:
    """Yield the questions that a text asks one after the other; nothing when it asks once.

    Args:
        core: what is asked, normalised.
        places: the places in it; one holds until another is named.
        names: its other names; one holds to the end of its sentence.
    """
    clauses, preface = _asking(core)
    if not 2 <= len(clauses) <= MOST_CLAUSES or not all(map(_whole, clauses[1:])):
        return
    parts = [f"{preface}{clauses[0]}"]
    for before, clause in pairwise(clauses):
        holding = places if before.endswith("?") else {*places, *names}
        held = sorted(name for name in holding if name in parts[0])
        alone = preface or any(name in clause for name in {*places, *names})
        parts.append(f"{preface}{clause}" if alone else " ".join((*held, clause)))
    yield tuple(parts)


def _asking(core: str) -> tuple[list[str], str]:
    """Return the clauses that ask, each with what is said before it, and a heading of them all."""
    clauses: list[str] = []
    preface, told, at = "", "", 0
    for found in [*_BREAK.finditer(core), None]:
        end = found.start() if found else len(core)
        mark = (found["mark"] or "").strip() if found else ""
        text, at = core[at:end].strip(), found.end() if found else end
        if not text:
            continue
        relative = _RELATIVE.search(text) and clauses and not told
        if ASKS_CLAUSE.search(text) and not _CONDITION.search(text) and not relative:
            clauses.append(f"{told}{text}{'?' if '?' in mark or not mark else ''}")
            told = ""
        elif mark in {":", "："} and not clauses and not told:
            preface = f"{text}: "
        else:
            told += f"{text}, "
    if told and clauses:
        clauses[-1] += f", {told.removesuffix(', ')}"
    return clauses, preface


def _whole(clause: str) -> bool:
    """Whether a clause may be understood without those before it."""
    enough = (
        len(_WORD.findall(clause)) >= LEAST_WORDS or len(_HAN.findall(clause)) >= LEAST_CHARACTERS
    )
    return enough and not _POINTS_BACK.search(clause)
