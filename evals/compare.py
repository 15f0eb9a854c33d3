"""Comparison of two runs, case by case: what changed, and whether by more than chance.

Knows: the exact sign test on pairs. Does not know what a case is about. Invariant: only cases that
both runs have a result for are compared, and how many were not is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from evals.rows import Key, Row
from evals.summary import ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A case that is right in one run and wrong in the other."""

    key: Key
    before: Row
    after: Row

    @property
    def won(self) -> bool:
        """Whether it is right now."""
        return outcome(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """One slice in both runs."""

    suite: str
    part: str
    slice: str
    language: str
    system: str
    n: int
    before: int
    """Cases right in the first run."""
    after: int
    won: int
    lost: int

    @property
    def chance(self) -> float:
        """One-sided chance of so many lost among the changed ones, were both runs alike."""
        return sign_test(self.won, self.lost)


def sign_test(won: int, lost: int) -> float:
    """Return the chance of at least ``lost`` losses among ``won + lost`` fair coin throws.

    The exact form of McNemar's test (Psychometrika 12, 1947) for two systems on the same cases.
    """
    n = won + lost
    ways: int = sum(comb(n, k) for k in range(lost, n + 1))
    return ways / int(2**n)


def changes(before: Iterable[Row], after: Iterable[Row]) -> list[Change]:
    """Return the cases whose outcome changed, lost ones first; errors count as not right."""
    old = {row.key: row for row in before}
    found = [
        Change(key=row.key, before=old[row.key], after=row)
        for row in after
        if row.key in old and outcome(row) is not outcome(old[row.key])
    ]
    return sorted(found, key=lambda c: (c.won, c.key.suite, c.key.system, c.key.case))


def outcome(row: Row) -> bool:
    """Return whether a case went right."""
    return bool(row.passed) and not row.error


def paired(before: Mapping[Key, bool], after: Sequence[Row]) -> list[Paired]:
    """Return each slice of ``after`` against the outcomes before, case by case."""
    groups: dict[tuple[str, str, str, str, str], list[tuple[bool, bool]]] = {}
    for row in after:
        if row.key not in before:
            continue
        pair = (before[row.key], outcome(row))
        for kind in (row.slice, ALL):
            for language in (row.language, ALL):
                key = (row.suite, row.part, kind, language, row.system)
                groups.setdefault(key, []).append(pair)
    return [
        Paired(
            suite=key[0],
            part=key[1],
            slice=key[2],
            language=key[3],
            system=key[4],
            n=len(pairs),
            before=sum(was for was, _ in pairs),
            after=sum(now for _, now in pairs),
            won=sum(now and not was for was, now in pairs),
            lost=sum(was and not now for was, now in pairs),
        )
        for key, pairs in groups.items()
    ]


def as_text(before: Sequence[Row], after: Sequence[Row]) -> str:
    """Return the comparison as Markdown: slices that changed, then the changed cases."""
    outcomes = {row.key: outcome(row) for row in before}
    slices = [pair for pair in paired(outcomes, after) if pair.won or pair.lost]
    both = sum(row.key in outcomes for row in after)
    lines = [
        f"{both} cases in both, {len(before) - both} and {len(after) - both} in one alone.",
        "",
    ]
    if not slices:
        return "\n".join([*lines, "No case changed.", ""])
    lines += [
        "| suite | part | slice | asked in | system | before | after | won | lost | p |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for pair in sorted(slices, key=lambda p: (p.chance, p.suite, p.part, p.slice, p.language)):
        label = [pair.suite, pair.part, pair.slice, pair.language, pair.system]
        found = [f"{pair.before}/{pair.n}", f"{pair.after}/{pair.n}", str(pair.won), str(pair.lost)]
        lines.append(f"| {' | '.join([*label, *found, f'{pair.chance:.3f}'])} |")
    lines += ["", "p: chance of so many lost among the changed ones, were both runs alike.", ""]
    for change in changes(before, after):
        lines.append(_told(change))
    return "\n".join([*lines, ""])


def _told(change: Change) -> str:
    key, after = change.key, change.after
    mark = "won" if change.won else "lost"
    line = f"- {mark} {key.suite} {key.system} `{key.case}`"
    if not after.detail and not after.error:
        return line  # sealed, or without words
    why = (
        after.error or "; ".join(after.detail.get("failures", ())) or after.detail.get("reason", "")
    )
    question = " ".join(str(after.detail.get("question", "")).split())[:120]
    return ": ".join(part for part in (line, question, why) if part)
