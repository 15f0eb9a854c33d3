"""Agreement: how a claim and sentences of a passage go together, as numbers.

Knows: words held and missing, order, names, figures, polarity, likeness of vectors. Does not know
verdicts or weights. Invariant: every number is finite and means the same in English and Chinese;
without vectors the numbers about them are left at what says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from assistant.figures import Figure, same_figure
from assistant.polarity import CERTAIN, reversals, turns_of
from assistant.reading import Ground, Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 5
"""Sentences a claim is compared with closely: those that share most with it."""
NEAR = 4
"""Content words within which two that follow each other in a claim must stand in the evidence."""

PREFIX = 5
"""Letters that words of one family have in common at their beginning."""
LEAST_CLAUSE = 2
"""Content words of a part that is compared by itself."""

NAMES: tuple[str, ...] = (
    "held_all",
    "held_best",
    "held_two",
    "held_plain",
    "missing_most",
    "missing_sum",
    "missing_count",
    "names",
    "names_missing",
    "names_missing_best",
    "figures",
    "figures_missing",
    "figures_missing_best",
    "digits_missing",
    "serials_missing",
    "pairs_sentence",
    "pairs_near",
    "pairs_order",
    "trigrams",
    "run",
    "bigrams_best",
    "negation",
    "negation_any",
    "reversed",
    "reversed_any",
    "advice",
    "hedges_claim",
    "hedges_lost",
    "totals_added",
    "words",
    "sentences",
    "reverse_best",
    "cross",
    "clause_worst",
    "clause_worst_best",
    "missing_run",
    "missing_both",
    "missing_soft",
    "cosine",
    "cosine_three",
    "cosine_margin",
    "cosine_lexical",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How one claim sentence goes with sentences of passages."""

    numbers: tuple[float, ...]
    """In the order of ``NAMES``."""
    best: int
    """Index of the sentence it rests on most."""
    across: bool
    """Whether that sentence is in another language."""
    missing: tuple[Word, ...]
    """Content words that no sentence has, those that say most first."""


def held(word: Word, evidence: Reading) -> bool:
    """Whether a text has a word, or names the concept the word stands for."""
    if word.term in evidence.terms or word.concepts & evidence.concepts:
        return True
    return "\u4e00" <= word.term[0] <= "\u9fff" and word.term in evidence.plain


def share(claim: Reading, evidence: Reading) -> float:
    """Return the share of a claim's content that a text has, by weight; 1 for no content."""
    total = sum(word.weight for word in claim.words)
    if not total:
        return 1.0
    return sum(word.weight for word in claim.words if held(word, evidence)) / total


def candidates(claim: Reading, sentences: Sequence[Reading]) -> list[int]:
    """Return the indexes of the sentences worth a close look, those that share most first."""
    scored = [(-_overlap(claim, sentence), at) for at, sentence in enumerate(sentences)]
    return [at for _, at in sorted(scored)[:CANDIDATES]]


def _overlap(claim: Reading, sentence: Reading) -> float:
    words = sum(word.weight for word in claim.words if held(word, sentence))
    figures = sum(any(same_figure(f, g) for g in sentence.figures) for f in claim.figures)
    return words + 0.7 * figures


def agreement(
    claim: Reading,
    ground: Ground,
    near: Sequence[int],
    cosines: NDArray[np.float32] | None,
) -> Agreement:
    """Compare a claim sentence with the sentences of passages.

    Args:
        claim: one sentence.
        ground: the passages; at least one sentence.
        near: from ``candidates``.
        cosines: of the claim with each of ``near``; None without an embedder.
    """
    looked = [ground.sentences[at] for at in near]
    shares = [share(claim, sentence) for sentence in looked]
    best = _best(shares, claim, looked, cosines)
    top = looked[best]
    pair = _second(claim, looked, best)
    both = (top, looked[pair])
    missing = sorted((w for w in claim.words if not held(w, ground.whole)), key=lambda w: -w.weight)
    numbers = (
        *_containment(claim, shares, both, missing),
        *_named(claim, ground.whole, both),
        *_order(claim, ground, top),
        *_polarity(claim, top, looked),
        *_size(claim, len(ground.sentences), top),
        *_parts(claim, ground.whole, both),
        *_likeness(cosines, best),
    )
    return Agreement(
        numbers=numbers,
        best=near[best],
        across=claim.language is not top.language,
        missing=tuple(missing),
    )


def _best(
    shares: Sequence[float],
    claim: Reading,
    looked: Sequence[Reading],
    cosines: NDArray[np.float32] | None,
) -> int:
    """Return which of the candidates a claim rests on most."""

    def score(at: int) -> float:
        like = float(cosines[at]) if cosines is not None else 0.0
        figures = _borne(claim.figures, looked[at].figures)
        return shares[at] + 2 * like + 0.3 * figures

    return max(range(len(looked)), key=lambda at: (score(at), -at))


def _second(claim: Reading, looked: Sequence[Reading], best: int) -> int:
    """Return which candidate adds most to the best one."""
    lacking = [word for word in claim.words if not held(word, looked[best])]

    def gain(at: int) -> float:
        return sum(word.weight for word in lacking if held(word, looked[at]))

    return max(range(len(looked)), key=lambda at: (gain(at), -at))


def _borne(figures: Sequence[Figure], others: Sequence[Figure]) -> float:
    """Return the share of figures that others bear out; 1 when there are none."""
    if not figures:
        return 1.0
    return sum(any(same_figure(f, g) for g in others) for f in figures) / len(figures)


def _containment(
    claim: Reading,
    shares: Sequence[float],
    both: tuple[Reading, Reading],
    missing: Sequence[Word],
) -> tuple[float, ...]:
    total = sum(word.weight for word in claim.words)
    count = len(claim.words)
    lost = sum(word.weight for word in missing)
    two = sum(w.weight for w in claim.words if any(held(w, sentence) for sentence in both))
    return (
        1 - lost / total if total else 1.0,
        max(shares),
        two / total if total else 1.0,
        1 - len(missing) / count if count else 1.0,
        missing[0].weight if missing else 0.0,
        lost,
        float(len(missing)),
    )


def _named(claim: Reading, whole: Reading, both: tuple[Reading, Reading]) -> tuple[float, ...]:
    absent = [name for name in claim.names if not has_name(name, whole)]
    apart = [name for name in claim.names if not any(has_name(name, s) for s in both)]
    near = [figure for sentence in both for figure in sentence.figures]
    wrong = [f for f in claim.figures if not any(same_figure(f, g) for g in whole.figures)]
    elsewhere = [f for f in claim.figures if not any(same_figure(f, g) for g in near)]
    return (
        float(len(claim.names)),
        float(len(absent)),
        float(len(apart)),
        float(len(claim.figures)),
        float(len(wrong)),
        float(len(elsewhere)),
        float(len(claim.digits - whole.digits)),
        float(len(claim.serials - whole.serials)),
    )


def has_name(name: str, evidence: Reading) -> bool:
    """Whether a text names something."""
    if name in evidence.names:
        return True
    if "\u4e00" <= name[0] <= "\u9fff":
        return name in evidence.plain
    return name in evidence.tokens


def _order(claim: Reading, ground: Ground, top: Reading) -> tuple[float, ...]:
    """Compare which words stand together, and in which order."""
    terms = [word.term for word in claim.words]
    pairs = list(pairwise(terms))
    gaps = _gaps(pairs, claim, ground.sentences)
    count = len(pairs) or 1
    none = 1.0 if not pairs else 0.0
    doubles = set(pairwise(claim.units))
    there = set(pairwise(top.units))
    return (
        sum(bool(found) for found in gaps) / count + none,
        sum(any(abs(gap) <= NEAR for gap in found) for found in gaps) / count + none,
        sum(any(0 < gap <= NEAR for gap in found) for found in gaps) / count + none,
        len(claim.triples & ground.whole.triples) / len(claim.triples) if claim.triples else 1.0,
        _longest_run(claim.units, top.units) / max(len(claim.units), 1),
        len(doubles & there) / len(doubles) if doubles else 1.0,
    )


def _gaps(
    pairs: Sequence[tuple[str, str]], claim: Reading, sentences: Sequence[Reading]
) -> list[list[int]]:
    """Return for each pair of terms the distances, in content words, within sentences."""
    gaps: list[list[int]] = [[] for _ in pairs]
    for sentence in sentences:
        if len(sentence.terms & claim.terms) < 2:
            continue
        places: dict[str, list[int]] = {}
        for at, word in enumerate(sentence.words):
            places.setdefault(word.term, []).append(at)
        for found, (one, other) in zip(gaps, pairs, strict=True):
            first, second = places.get(one, ()), places.get(other, ())
            found += [b - a for a in first for b in second if a != b]
    return gaps


def _longest_run(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return the length of the longest run of units that two texts have in common."""
    longest = 0
    before: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for at, unit in enumerate(theirs):
        places.setdefault(unit, []).append(at)
    for unit in ours:
        now = {at: before.get(at - 1, 0) + 1 for at in places.get(unit, ())}
        longest = max(longest, *now.values(), 0) if now else longest
        before = now
    return longest


def _polarity(claim: Reading, top: Reading, looked: Sequence[Reading]) -> tuple[float, ...]:
    ours, theirs = turns_of(claim.text), turns_of(top.text)
    return (
        float(ours.negations % 2 != theirs.negations % 2),
        float(ours.negations > 0 and not any(turns_of(s.text).negations for s in looked)),
        float(reversals(claim.text, top.text, CERTAIN)),
        float(reversals(claim.text, top.text)),
        float(ours.advice and not theirs.advice),
        float(ours.hedges),
        float(max(theirs.hedges - ours.hedges, 0)),
        float(max(ours.totals - theirs.totals, 0)),
    )


def _size(claim: Reading, sentences: int, top: Reading) -> tuple[float, ...]:
    back = sum(word.term in claim.terms for word in top.words) / max(len(top.words), 1)
    return (
        math.log1p(len(claim.words)),
        math.log1p(sentences),
        back,
        float(claim.language is not top.language),
    )


def _parts(claim: Reading, whole: Reading, both: tuple[Reading, Reading]) -> tuple[float, ...]:
    """Compare part by part: a claim is borne out only when all of its parts are."""
    clauses = _clauses(claim)
    lacking = [not any(held(word, sentence) for sentence in both) for word in claim.words]
    run = longest = 0.0
    for word, absent in zip(claim.words, lacking, strict=True):
        run = run + word.weight if absent else 0.0
        longest = max(longest, run)
    begins = {term[:PREFIX] for term in whole.terms if len(term) >= PREFIX}
    return (
        min((_held_share(words, (whole,)) for words in clauses), default=1.0),
        min((max(_held_share(words, (s,)) for s in both) for words in clauses), default=1.0),
        longest,
        sum(word.weight for word, absent in zip(claim.words, lacking, strict=True) if absent),
        sum(
            word.weight
            for word in claim.words
            if not held(word, whole) and word.term[:PREFIX] not in begins
        ),
    )


def _clauses(claim: Reading) -> list[list[Word]]:
    """Return the content words of a claim by clause; one with too little goes with the next."""
    cuts = [match.start() for match in _CUT.finditer(claim.text)]
    clauses: list[list[Word]] = [[]]
    for word in claim.words:
        while cuts and word.at >= cuts[0]:
            cuts.pop(0)
            if len(clauses[-1]) >= LEAST_CLAUSE:
                clauses.append([])
        clauses[-1].append(word)
    return [words for words in clauses if words]


def _held_share(words: Sequence[Word], evidence: Sequence[Reading]) -> float:
    total = sum(word.weight for word in words)
    if not total:
        return 1.0
    return sum(w.weight for w in words if any(held(w, s) for s in evidence)) / total


_CUT = re.compile(
    r"[,;:，；：、（(]|\b(?:and|but|which|who|where|while|because|with|after|before|by|in|for)\b"
)


def _likeness(cosines: NDArray[np.float32] | None, best: int) -> tuple[float, ...]:
    if cosines is None:
        return (0.0, 0.0, 0.0, 0.0)
    ordered = sorted(map(float, cosines), reverse=True)
    three = ordered[:3]
    return (
        ordered[0],
        sum(three) / len(three),
        ordered[0] - ordered[-1],
        float(cosines[best]),
    )
