"""Findings: what a claim says otherwise than its evidence, by rules alone.

Knows: figures and the thing they measure, names, numbers of articles, negation, direction and
comparison. Does not know verdicts, weights or vectors. Invariants: a sentence never differs from
itself; each finding says what the claim has and what the evidence has in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from assistant.agreement import has_name, held, share
from assistant.figures import Comparator, Figure, FigureKind, describe, same_figure
from assistant.normalise import normalise
from assistant.openends import turned_by
from assistant.polarity import CERTAIN, reversals, turns_of
from assistant.reading import Ground, Reader, Reading, Word
from assistant.schema import Language

RELEVANT = 0.5
"""Share of an evidence clause's content that a claim must hold for its polarity to count."""
RIVAL = 0.15
"""By how much closer another figure must be to what surrounds a claimed one to be the one meant."""
DECAY = 0.75
"""How much less a word counts for each word between it and a figure."""
SECOND = 0.15
"""Share of a claim's content that another sentence must add to the best one to be compared too."""
REST = 0.5
"""Share of a claim that must stand in the evidence for the lack of a part to be an addition."""
LITTLE = 0.34
"""Share of a part up to which next to nothing of it stands in the evidence."""
WEIGHTY = 0.45
"""Weight of words that a part must lack to be more than a turn of phrase."""
CLOSE = 0.6
"""Share of a claim's content that its best sentence must have for a turn of sense to be sure: of
sentences further apart, LLM-written true ones were turned round by rule 8 % of the time."""
ALIKE = 0.6
"""How alike, as difflib counts, two sentences must be for a changed word to be an exchange."""


class FindingKind(StrEnum):
    """What differs."""

    FIGURE = "figure"
    """The figure stands nowhere in the evidence."""
    MEASURED = "measured"
    """The figure stands there, of something else."""
    NUMBER = "number"
    """An article's, a section's or another bare number."""
    NAME = "name"
    EXCHANGED = "exchanged"
    """A name in the place of another."""
    NEGATION = "negation"
    DIRECTION = "direction"
    COMPARISON = "comparison"
    ADVICE = "advice"
    DETAIL = "detail"
    """A part of the claim of which next to nothing stands in the evidence."""
    OPEN = "open"
    """The claim is a part of a sentence whose rest turns it round."""


_ACROSS = frozenset({FindingKind.FIGURE, FindingKind.NUMBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a claim says otherwise."""

    kind: FindingKind
    ours: str = ""
    """What the claim has, as written."""
    theirs: str = ""
    """What stands in the evidence in its place; empty for nothing."""
    sure: bool = True
    """Whether it decides by itself; what is not sure only counts among the rest."""


class Finder:
    """Finds what differs. Safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        """Take what reads clauses."""
        self._reader = reader

    def find(self, claim: Reading, ground: Ground, near: Sequence[int], best: int) -> list[Finding]:
        """Return what a claim says otherwise than its ground, the surest first.

        Args:
            claim: one sentence.
            ground: what it is held against; at least one sentence.
            near: indexes of the sentences that share most with it.
            best: index of the one it rests on most.
        """
        top = ground.sentences[best]
        if claim.plain.strip() == top.plain.strip():
            return []
        found = [
            *_open(claim, ground),
            *self._figures(claim, ground, top),
            *_numbers(claim, ground),
            *_names(claim, ground),
            *_exchanges(claim, top),
            *self._polarity(claim, ground, near, best),
            *self._details(claim, ground),
        ]
        if claim.language is top.language:
            return found
        # Across languages figures are comparable, and little else word by word.
        return [
            replace(finding, sure=finding.kind in _ACROSS)
            for finding in found
            if finding.kind is not FindingKind.MEASURED
        ]

    def _figures(self, claim: Reading, ground: Ground, top: Reading) -> Iterator[Finding]:
        """Yield figures that stand nowhere, or stand there of another thing than the claim's."""
        rivals = [
            (figure, _around(sentence, figure))
            for sentence in ground.sentences
            for figure in sentence.figures
        ]
        for figure in claim.figures:
            around = _around(claim, figure)
            same = [row for row in rivals if same_figure(figure, row[0])]
            others = [row for row in rivals if _comparable(figure, row[0]) and row not in same]
            rival = max(others, key=lambda row: _closeness(around, row[1]), default=None)
            shown = _bounded(rival[0], claim.language) if rival else ""
            dates = figure.kind in _DATES
            if not same:
                lent = dates and any(same_figure(figure, f) for f in ground.context.figures)
                if not (lent and self._dated(claim, top)):
                    ours = _bounded(figure, claim.language)
                    yield Finding(kind=FindingKind.FIGURE, ours=ours, theirs=shown)
                continue
            best, closest = max(
                ((_closeness(around, row[1]), row[1]) for row in same), key=lambda pair: pair[0]
            )
            worse = (
                rival is not None
                and _closeness(around, rival[1]) > best + RIVAL
                and not _told_apart(around, closest, rival[1])
            )
            if not dates and around and (best <= 0 or worse):
                yield Finding(kind=FindingKind.MEASURED, ours=describe(figure), theirs=shown)

    @staticmethod
    def _dated(claim: Reading, top: Reading) -> bool:
        """Whether every year of the best sentence is one of the claim's."""
        return all(
            any(same_figure(f, g) or same_figure(g, f) for g in claim.figures)
            for f in top.figures
            if f.kind in _DATES
        )

    # ---- details
    def _details(self, claim: Reading, ground: Ground) -> Iterator[Finding]:
        """Yield parts of a claim that the evidence lacks, when the rest of it stands there."""
        parts = [part for part in _PART.split(claim.text) if part.strip()]
        if len(parts) < 2 or share(claim, ground.whole) < REST:
            return
        for part in parts[1:]:
            words = self._reader.read(part).words
            total = sum(word.weight for word in words)
            there = sum(w.weight for w in words if held(w, ground.whole) or held(w, ground.context))
            if total - there >= WEIGHTY and there <= LITTLE * total:
                yield Finding(kind=FindingKind.DETAIL, ours=part.strip(' .。!！?？”"'))

    # ---- polarity
    def _polarity(
        self, claim: Reading, ground: Ground, near: Sequence[int], best: int
    ) -> Iterator[Finding]:
        sure = share(claim, ground.sentences[best]) >= CLOSE
        evidence = self._relevant(claim, ground, near, best)
        ours, theirs = turns_of(claim.text), turns_of(evidence)
        if ours.negations % 2 != theirs.negations % 2:
            yield Finding(kind=FindingKind.NEGATION, sure=sure)
        turned = reversals(self._unbounded(claim.text), self._unbounded(evidence), CERTAIN) > 0
        crossed = _crossed(claim, ground.sentences[best], self._reader)
        if crossed is None:
            if turned:
                yield Finding(kind=FindingKind.DIRECTION, sure=sure)
        elif crossed is not turned:
            kind = FindingKind.COMPARISON if crossed else FindingKind.DIRECTION
            yield Finding(kind=kind, sure=sure)
        if ours.advice and not theirs.advice and not ground.advises:
            yield Finding(kind=FindingKind.ADVICE, sure=sure)

    def _unbounded(self, text: str) -> str:
        """Return a text without figures and their bounds, which are compared as figures."""
        for figure in reversed(self._reader.read(text).figures):
            before = _BOUND_BEFORE.sub(" ", text[: figure.start])
            text = f"{before} {_BOUND_AFTER.sub(' ', text[figure.end :])}"
        return text

    def _relevant(self, claim: Reading, ground: Ground, near: Sequence[int], best: int) -> str:
        """Return the clauses of the evidence that a claim says again.

        A clause that the claim leaves out neither affirms nor denies it. Another sentence than the
        best counts where it has what the best lacks.
        """
        top = ground.sentences[best]
        kept = self._said_again(claim, top)
        lacking = [word for word in claim.words if not held(word, top)]
        total = sum(word.weight for word in claim.words)
        for at in near:
            added = sum(w.weight for w in lacking if held(w, ground.sentences[at]))
            if at != best and added > SECOND * total:
                kept += self._said_again(claim, ground.sentences[at])
                break
        return ", ".join(kept) or top.text

    def _said_again(self, claim: Reading, sentence: Reading) -> list[str]:
        """Return the clauses of a sentence most of whose words a claim has."""
        kept = []
        for clause in _CLAUSE.split(sentence.text):
            words = self._reader.read(clause).words
            total = sum(word.weight for word in words)
            common = sum(word.weight for word in words if held(word, claim))
            if clause and common >= RELEVANT * total:
                kept.append(clause)
        return kept


_PART = re.compile(r"[,;，；（(]\s*|\s[–—]\s")
_CLAUSE = re.compile(
    r"[,;:，；：、（）()–—]\s*|\b(?=(?:but|because|although|while|whereas|unless|if)\b)|(?=但是|但|因为|而且|虽然|如果)"
)


_BOUND_BEFORE = re.compile(
    r"(?:(?:more|less|fewer|greater|higher|lower) than|at least|at most|above|below|over|under"
    r"|up to|exceed\w*|upwards of|高于|多于|超过|逾|至少|低于|少于|不足|不到|至多|最多|突破)\s*$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(r"^\s*(?:or more|or less|or fewer|以上|以下|以内)", re.IGNORECASE)
_DATES = frozenset({FigureKind.YEAR, FigureKind.DATE})


_BOUNDS = {
    (Comparator.ABOVE, Language.EN): "more than ",
    (Comparator.BELOW, Language.EN): "less than ",
    (Comparator.ABOVE, Language.ZH): "超过",
    (Comparator.BELOW, Language.ZH): "不到",
}


def _bounded(figure: Figure, language: Language) -> str:
    """Return a figure with its bound, for a reader."""
    return _BOUNDS.get((figure.comparator, language), "") + describe(figure)


def _comparable(one: Figure, other: Figure) -> bool:
    if {one.kind, other.kind} <= _DATES:
        return True
    return one.kind is other.kind and one.unit == other.unit


_Around = tuple[tuple[Word, float], ...]


def _around(reading: Reading, figure: Figure) -> _Around:
    """Return what surrounds a figure, each with how near it stands, 1 for beside it.

    Other figures are part of it: "firms with 250 or more" are others than those with 50.
    """
    others = (
        Word(term=f"#{f.low}", surface=f.text, weight=1.0, concepts=frozenset(), at=f.start)
        for f in reading.figures
        if f is not figure and not _comparable(f, figure)
    )
    words = sorted((*reading.words, *others), key=lambda word: word.at)
    before = [word for word in words if word.at < figure.start]
    after = [word for word in words if word.at >= figure.end]
    return (
        *((word, DECAY**gap) for gap, word in enumerate(reversed(before))),
        *((word, DECAY**gap) for gap, word in enumerate(after)),
    )


def _told_apart(ours: _Around, same: _Around, rival: _Around) -> bool:
    """Whether what stands near a claimed figure is beside the same figure there, not the other."""
    beside = {word.term: nearness for word, nearness in same if nearness >= DECAY}
    elsewhere = {word.term: nearness for word, nearness in rival}
    return any(
        nearness >= DECAY**4
        and word.term in beside
        and elsewhere.get(word.term, 0.0) < DECAY * beside[word.term]
        for word, nearness in ours
    )


def _closeness(ours: _Around, theirs: _Around) -> float:
    """Return how much of what stands around one figure stands as near to another, 0 to 1."""
    total = sum(word.weight * near for word, near in ours)
    if not total:
        return 0.0
    found = 0.0
    for word, near in ours:
        there = [
            other_near
            for other, other_near in theirs
            if word.term == other.term or word.concepts & other.concepts
        ]
        found += word.weight * min(near, max(there, default=0.0))
    return found / total


def _open(claim: Reading, ground: Ground) -> Iterator[Finding]:
    """Yield what the evidence goes on with where a claim leaves off, when that turns it round."""
    rest = turned_by(claim, ground.sentences)
    if rest:
        yield Finding(kind=FindingKind.OPEN, theirs=rest)


def _numbers(claim: Reading, ground: Ground) -> Iterator[Finding]:
    """Yield numbers that are no figures, such as those of articles, and stand nowhere."""
    inside = {d for figure in claim.figures for d in _digits(figure.text)}
    there = {digit.replace(",", "") for digit in ground.context.digits | ground.whole.digits}
    for digit in sorted(claim.digits - inside):
        if digit.replace(",", "") not in there:
            yield Finding(kind=FindingKind.NUMBER, ours=digit)
    serials = ground.context.serials | ground.whole.serials
    if serials:
        shown = "、".join(sorted(serials)[:3])
        for serial in sorted(claim.serials - serials):
            yield Finding(kind=FindingKind.NUMBER, ours=serial, theirs=shown)


def _digits(text: str) -> list[str]:
    return [found.rstrip(".,") for found in re.findall(r"\d+(?:[.,]\d+)*", text)]


def _names(claim: Reading, ground: Ground) -> Iterator[Finding]:
    concepts = ground.context.concepts | ground.whole.concepts
    covered = {w.surface for w in claim.words if w.concepts & concepts}
    for name in sorted(claim.names):
        parts = {part.removesuffix("'s") for part in re.split(r"[ -]", name)}
        if name in covered or parts <= covered:
            continue
        if not has_name(name, ground.context) and not has_name(name, ground.whole):
            yield Finding(kind=FindingKind.NAME, ours=name)
    for place, surface in claim.places.items():
        if place not in concepts:
            yield Finding(kind=FindingKind.NAME, ours=surface)


_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+(?:[.,'’-][^\W_\u4e00-\u9fff]+)*")


def _exchanges(claim: Reading, top: Reading) -> Iterator[Finding]:
    """Yield what stands where the evidence has another of its sort, all around being alike."""
    ours, theirs = list(_TOKEN.finditer(claim.text)), list(_TOKEN.finditer(top.text))
    matcher = SequenceMatcher(
        None, [t.group().lower() for t in ours], [t.group().lower() for t in theirs], autojunk=False
    )
    if matcher.ratio() < ALIKE:
        return
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "replace":
            mine = ours[a].start(), ours[b - 1].end()
            other = theirs[c].start(), theirs[d - 1].end()
            yield from _exchanged(claim, top, mine, other)
            # One word more on both sides, so that a phrase such as "at least" is whole.
            near = ours[max(a - 1, 0)].start(), ours[min(b, len(ours) - 1)].end()
            there = theirs[max(c - 1, 0)].start(), theirs[min(d, len(theirs) - 1)].end()
            if reversals(claim.text[slice(*near)], top.text[slice(*there)], CERTAIN):
                yield Finding(kind=FindingKind.DIRECTION)


def _exchanged(
    claim: Reading, top: Reading, mine: tuple[int, int], other: tuple[int, int]
) -> Iterator[Finding]:
    """Yield a name or a figure in one place of a claim where the evidence has another."""
    name, named = _named_in(claim, mine), _named_in(top, other)
    if name and named and not has_name(name, top) and not has_name(named, claim):
        yield Finding(kind=FindingKind.EXCHANGED, ours=name, theirs=named)
    for place, surface in claim.places.items():
        there = [s for p, s in top.places.items() if p != place and s in _plain(top, other)]
        if place not in top.places and surface in _plain(claim, mine) and there:
            yield Finding(kind=FindingKind.EXCHANGED, ours=surface, theirs=there[0])
    for figure in _figures_in(claim, mine):
        rivals = [f for f in _figures_in(top, other) if _comparable(figure, f)]
        if not rivals or any(same_figure(figure, f) or same_figure(f, figure) for f in rivals):
            continue
        absent = not any(same_figure(figure, f) for f in top.figures)
        swapped = any(same_figure(f, rivals[0]) for f in claim.figures)
        if absent or swapped:
            yield Finding(
                kind=FindingKind.MEASURED, ours=describe(figure), theirs=describe(rivals[0])
            )

    numbers = [_DIGIT_TOKEN.findall(r.text[slice(*p)]) for r, p in ((claim, mine), (top, other))]
    if not _figures_in(claim, mine) and all(numbers) and numbers[0] != numbers[1]:
        yield Finding(kind=FindingKind.NUMBER, ours=numbers[0][0], theirs=numbers[1][0])


_DIGIT_TOKEN = re.compile(r"(?<![A-Za-z\d])\d+(?:[.,]\d+)*(?![A-Za-z\d])")


def _figures_in(reading: Reading, place: tuple[int, int]) -> list[Figure]:
    return [f for f in reading.figures if f.start < place[1] and place[0] < f.end]


def _plain(reading: Reading, place: tuple[int, int]) -> str:
    """Return a part of a text as it is compared, with two characters more on both sides."""
    return normalise(reading.text[max(place[0] - 2, 0) : place[1] + 2])


def _named_in(reading: Reading, place: tuple[int, int]) -> str:
    """Return the first of a reading's names that a place in its text spells or is part of."""
    joined = re.sub(r"\W", "", reading.text[slice(*place)]).lower()
    for name in sorted(reading.names):
        bare = re.sub(r"\W", "", name)
        if bare and (bare in joined or (len(joined) > 2 and bare.startswith(joined))):
            return name
    return ""


_COMPARED = re.compile(
    r"\b(?:than|versus|vs\.?|compared (?:with|to)|against)\b|高于|低于|多于|少于|超过|比|不如|胜过",
    re.IGNORECASE,
)


def _crossed(claim: Reading, top: Reading, reader: Reader) -> bool | None:
    """Whether a claim compares the other way round; None when it compares nothing."""
    ours, theirs = _COMPARED.split(claim.text, 1), _COMPARED.split(top.text, 1)
    if len(ours) < 2 or len(theirs) < 2:
        return None
    left, right = (reader.read(part).terms for part in ours)
    before, after = (reader.read(part).terms for part in theirs)
    moved_right = (left & after) - before - right
    moved_left = (right & before) - after - left
    return bool(moved_right and moved_left)
