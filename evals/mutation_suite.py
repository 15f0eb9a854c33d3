"""The mutation suite: what a verifier catches of planted errors, and what it takes for one.

Knows: how verdicts are counted by kind and language, and the bars. Does not know how claims were
made. Invariant: a claim whose check failed is counted apart, as neither caught nor passed.

``python -m evals.mutation_suite`` measures the documents that no model was fitted on.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from assistant import Claim, Language, Settings, Verdict, Verifier, make_verifier
from evals.external import is_held_out
from evals.intervals import Measured, share
from evals.mutations import (
    FIGURE_ERRORS,
    FIGURE_NOTATIONS,
    Kind,
    Mutant,
    knowledge_sentences,
    mutants,
    translations,
)

FIGURES_CAUGHT = 0.99
TURNS_CAUGHT = 0.90
"""Of negations and directions."""
FIGURE_ALARMS = 0.02
"""False alarms on figures that are written in another way."""
ALARMS = 0.08
"""False alarms on true paraphrases of all kinds."""
_TRUE = frozenset({Kind.REORDER, Kind.NOTATION, Kind.NUMBER, Kind.SYNONYM, Kind.SHORTER})
"""Paraphrases; a quote is none, and a translation is measured apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the claims of one kind and language were judged."""

    n: int
    refused: int
    """Not called supported."""
    unchecked: int

    @property
    def refused_share(self) -> Measured | None:
        """Detection for a kind that makes false, false alarms for one that keeps true."""
        return share(self.refused, self.n)


Tallies = Mapping[tuple[Kind, Language], Tally]


def judge(verifier: Verifier, claims: Iterable[Mutant]) -> Iterator[tuple[Mutant, Verdict, str]]:
    """Yield each claim with its verdict and the reason; it cites the first of its passages."""
    for mutant in claims:
        claim = Claim(text=mutant.text, start=0, end=len(mutant.text), markers=(1,))
        (check,) = verifier.check([claim], mutant.passages).checks
        yield mutant, check.verdict, check.reason


def tally(judged: Iterable[tuple[Mutant, Verdict, str]]) -> Tallies:
    """Count verdicts by kind and language."""
    counts: dict[tuple[Kind, Language], Counter[Verdict]] = defaultdict(Counter)
    for mutant, verdict, _ in judged:
        counts[mutant.kind, mutant.language][verdict] += 1
    return {
        key: Tally(
            n=sum(count.values()) - count[Verdict.UNCHECKED],
            refused=count[Verdict.UNSUPPORTED] + count[Verdict.UNCITED],
            unchecked=count[Verdict.UNCHECKED],
        )
        for key, count in sorted(counts.items())
    }


def pooled(tallies: Tallies, kinds: Iterable[Kind]) -> Measured | None:
    """Return the share refused over some kinds, both languages together."""
    wanted = set(kinds)
    rows = [row for (kind, _), row in tallies.items() if kind in wanted]
    return share(sum(row.refused for row in rows), sum(row.n for row in rows))


def bars(tallies: Tallies) -> list[tuple[str, Measured | None, float, bool]]:
    """Return each bar: its name, what was measured, the bar, and whether it is met.

    What was not measured meets no bar.
    """
    rows = [
        ("planted figure errors caught", pooled(tallies, FIGURE_ERRORS), FIGURES_CAUGHT, True),
        ("negations caught", pooled(tallies, {Kind.NEGATION}), TURNS_CAUGHT, True),
        ("directions caught", pooled(tallies, {Kind.DIRECTION}), TURNS_CAUGHT, True),
        ("false alarms on figures", pooled(tallies, FIGURE_NOTATIONS), FIGURE_ALARMS, False),
        ("false alarms on paraphrases", pooled(tallies, _TRUE), ALARMS, False),
    ]
    return [
        (
            name,
            found,
            bar,
            found is not None and (found.value >= bar if least else found.value <= bar),
        )
        for name, found, bar, least in rows
    ]


def held_out_mutants(settings: Settings, limit: int) -> list[Mutant]:
    """Return at most ``limit`` claims of each kind and language, of documents never fitted on."""
    sentences = [
        sentence
        for sentence in knowledge_sentences(settings.knowledge_dir)
        if is_held_out(sentence.passage.document.twin_key)
    ]
    made = [*mutants(sentences), *translations(sentences)]
    made.sort(key=lambda mutant: sha256(mutant.text.encode()).digest())
    counts = Counter[tuple[Kind, Language]]()
    kept = []
    for mutant in made:
        key = mutant.kind, mutant.language
        counts[key] += 1
        if counts[key] <= limit:
            kept.append(mutant)
    return kept


def report(tallies: Tallies, misses: Sequence[tuple[Mutant, Verdict, str]]) -> str:
    """Return the suite's result as text, with some of what went wrong."""
    lines = []
    for (kind, language), row in tallies.items():
        what = "false alarms" if kind in _TRUE | {Kind.QUOTE, Kind.TRANSLATION} else "caught"
        lines.append(
            f"{kind:18} {language}  {what:12} {row.refused_share}  unchecked {row.unchecked}"
        )
    for name, found, bar, met in bars(tallies):
        lines.append(f"{'ok  ' if met else 'MISS'} {name:30} {found}  (bar {bar:g})")
    for mutant, _, reason in misses:
        lines.append(f"wrong: {mutant.kind} {mutant.text!r} from {mutant.original!r}: {reason}")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=400, help="claims of each kind and language")
    parser.add_argument("--show", type=int, default=0, help="mistakes to show")
    arguments = parser.parse_args()
    settings = Settings()
    verifier = make_verifier(settings)
    judged = list(judge(verifier, held_out_mutants(settings, arguments.limit)))
    wrong = [row for row in judged if (row[1] is Verdict.SUPPORTED) is not row[0].true]
    tallies = tally(judged)
    print(report(tallies, wrong[: arguments.show]))
    return 0 if all(met for *_, met in bars(tallies)) else 1


if __name__ == "__main__":
    sys.exit(main())
