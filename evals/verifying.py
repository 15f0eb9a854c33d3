"""Verification: claims with their evidence, put to the verifier and to word overlap.

Knows: how a claim about bare texts becomes a call of ``Assistant.verify``. Does not know where the
claims come from (``external``). Invariant: what could not be checked is an error, never a verdict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from assistant import Assistant, Passage, Verdict, detect_language
from evals.jobs import Bench, Job
from evals.rows import Row
from evals.worlds import KNOWLEDGE

OVERLAP = 0.5
"""Share of words from which the trivial baseline says "supported"."""


class Claimed(Protocol):
    """A claim with a known truth, as the loaders of ``external`` give it."""

    @property
    def id(self) -> str:
        """Unique within its set, or nearly."""
        ...

    @property
    def claim(self) -> str:
        """One or more sentences."""
        ...

    @property
    def evidence(self) -> Sequence[Passage | str]:
        """What it is to rest on, read together."""
        ...

    @property
    def supported(self) -> bool:
        """Whether the evidence bears out all of it."""
        ...

    @property
    def source(self) -> str:
        """The set and its part, ``summedits/news``."""
        ...

    @property
    def group(self) -> str:
        """Equal for claims about one text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a verifier said of a claim."""

    supported: bool | None
    """None when it could not be checked."""
    score: float | None
    """Support in [0, 1]."""
    reason: str


def told(assistant: Assistant, claim: str, evidence: Sequence[Passage | str]) -> Told:
    """Verify a claim of one or more sentences against passages or bare texts read together.

    All sentences must hold; the score is the least of theirs.
    """
    checks = assistant.verify(claim, evidence).checks
    known = [check for check in checks if check.verdict is not Verdict.UNCHECKED]
    if not known:
        reason = checks[0].reason if checks else "there is no sentence in it"
        return Told(supported=None, score=None, reason=reason)
    scores = [check.score for check in known if check.score is not None]
    wrong = [check for check in known if check.verdict is not Verdict.SUPPORTED]
    return Told(
        supported=not wrong,
        score=min(scores) if scores else None,
        reason=(wrong or known)[0].reason,
    )


def entails(assistant: Assistant, statement: str, passages: Sequence[Passage]) -> bool | None:
    """Return whether passages bear out a statement; ``metrics.Entails`` by our verifier."""
    return told(assistant, statement, passages).supported


def overlap(claim: str, evidence: Sequence[Passage | str]) -> Told:
    """Return the share of a claim's words that stand in the evidence: the floor to beat."""
    words = _words(claim)
    texts = [given if isinstance(given, str) else given.chunk.text for given in evidence]
    held = len(words & _words("\n".join(texts))) / len(words) if words else 0.0
    return Told(supported=held >= OVERLAP, score=held, reason="")


def verification_jobs(
    bench: Bench, suite: str, pairs: Sequence[Claimed], part: str = "external"
) -> Iterator[Job]:
    """Yield a job for each claim and verifier."""
    seen = Counter[str]()
    for pair in pairs:
        seen[pair.id] += 1
        # Some sets use an id for several claims.
        name = pair.id if seen[pair.id] == 1 else f"{pair.id}-{seen[pair.id]}"
        for system, ask in (
            ("firstpilot", partial(_verified, bench)),
            ("word-overlap", lambda pair: overlap(pair.claim, pair.evidence)),
        ):
            _, _, kind = pair.source.partition("/")
            blank = Row(
                suite=suite,
                case=name,
                system=system,
                part=part,
                slice=kind or suite,
                language=detect_language(pair.claim).value,
                truth=pair.supported,
                group=pair.group[:200],
            )
            yield Job(blank=blank, run=partial(_row, blank, pair, ask))


class _Ask(Protocol):
    def __call__(self, pair: Claimed, /) -> Told:
        """Verify."""
        ...


def _verified(bench: Bench, pair: Claimed, /) -> Told:
    texts = [given for given in pair.evidence if isinstance(given, str)]
    # Sentences of one text come in pieces; passages stay as they are.
    evidence = ["\n".join(texts)] if texts else pair.evidence
    return told(bench.worlds.open(KNOWLEDGE), pair.claim, evidence)


def _row(row: Row, pair: Claimed, ask: _Ask) -> Row:
    found = ask(pair)
    if found.supported is None:
        return replace(row, error=f"unchecked: {found.reason}")
    return replace(
        row,
        passed=found.supported is pair.supported,
        score=float(found.supported) if found.score is None else found.score,
        measured={"said_supported": found.supported},
        detail={"question": pair.claim, "reason": found.reason},
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+|[\u3400-\u9fff]", text.lower()))
