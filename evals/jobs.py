"""Jobs: one case put to one system, ready to be run in any order.

Knows: what a suite needs to make its jobs, and how a share of them is taken. Does not know the
suites. Invariant: which jobs ``limited`` takes depends on the cases alone, so that two runs with
the same limit can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assistant import Settings
from evals.rows import Key, Row
from evals.worlds import Worlds


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One case put to one system."""

    blank: Row
    """What is known of its row before it is done."""
    run: Callable[[], Row]
    """May raise; the runner makes an error of it."""

    @property
    def key(self) -> Key:
        """Which case of which suite, put to which system."""
        return self.blank.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What suites work with."""

    settings: Settings
    worlds: Worlds
    data: Path | None
    """The folder of external data, None when there is none."""


def limited(jobs: Iterable[Job], limit: int | None) -> list[Job]:
    """Return the jobs of at most ``limit`` cases of each slice and language, drawn by their hash.

    Args:
        jobs: of one suite.
        limit: None takes all.
    """
    strata: defaultdict[tuple[str, str, str], dict[str, list[Job]]] = defaultdict(dict)
    for job in jobs:
        row = job.blank
        strata[row.part, row.slice, row.language].setdefault(job.key.case, []).append(job)
    taken: list[Job] = []
    for cases in strata.values():
        names = sorted(cases, key=lambda name: sha256(name.encode()).digest())
        if limit is None:
            names = list(cases)
        for name in names[:limit]:
            taken += cases[name]
    return taken
