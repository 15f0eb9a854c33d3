"""Jobs: one case put to one system, ready to be run in any order.

Knows: what a suite needs to make its jobs, and how a share of them is taken. Does not know the
suites. Invariant: which jobs ``limited`` takes depends on the cases alone, so that two runs with
the same limit can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from assistant import Settings
from evals.rows import Key, Row
from evals.worlds import Worlds

T = TypeVar("T")


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
    limit: int | None = None
    """How many cases of each slice and language will be taken."""


def limited(jobs: Iterable[Job], limit: int | None) -> list[Job]:
    """Return the jobs of at most ``limit`` cases of each slice and language, drawn by their hash.

    Args:
        jobs: of one suite.
        limit: None takes all.
    """
    return drawn(
        jobs,
        limit,
        stratum=lambda job: (job.blank.part, job.blank.slice, job.blank.language),
        name=lambda job: job.key.case,
    )


def drawn(
    items: Iterable[T],
    limit: int | None,
    *,
    stratum: Callable[[T], Hashable],
    name: Callable[[T], str],
) -> list[T]:
    """Return the items of at most ``limit`` names of each stratum, drawn by their hash."""
    strata: defaultdict[Hashable, dict[str, list[T]]] = defaultdict(dict)
    for item in items:
        strata[stratum(item)].setdefault(name(item), []).append(item)
    taken: list[T] = []
    for named in strata.values():
        names = list(named)
        if limit is not None:
            names = sorted(named, key=lambda name: sha256(name.encode()).digest())[:limit]
        for one in names:
            taken += named[one]
    return taken
