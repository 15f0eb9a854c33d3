"""Spending: what answers cost each day, in one small file that several processes may share.

Knows: days and sums. Does not know backends or prices. Invariant: a sum that was added is
never lost to another process that adds at the same time; one that could not be written counts in
this process until it is.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock

from assistant.errors import StorageError

FILE = "spending.json"
_PATIENCE = 10.0
_DAYS = 92
"""How many days are kept: what a month cost can be looked up."""


def _today() -> date:
    return datetime.now(UTC).date()


class Ledger:
    """Adds up what answers cost, by day (UTC). Safe to share between threads and processes."""

    def __init__(
        self, folder: Path, budget: float | None, today: Callable[[], date] = _today
    ) -> None:
        """Take the folder of state and the most that a day may cost, None without limit."""
        self._path = folder / FILE
        self._budget = budget
        self._today = today
        self._lock = threading.Lock()
        self._unwritten: dict[str, float] = {}

    def spent(self) -> float:
        """Return what today's answers cost so far; 0 when nothing readable is on record."""
        today = self._today().isoformat()
        return self._kept().get(today, 0.0) + self._unwritten.get(today, 0.0)

    @property
    def exhausted(self) -> bool:
        """Whether today's budget is used up."""
        return self._budget is not None and self.spent() >= self._budget

    def add(self, cost: float) -> None:
        """Add the cost of an answer.

        Raises:
            StorageError: the file cannot be written; the cost counts all the same, in this process.
        """
        if cost <= 0:
            return
        # Once: midnight may come between two looks at the clock.
        today = self._today().isoformat()
        with self._lock:
            self._unwritten[today] = self._unwritten.get(today, 0.0) + cost
            try:
                with FileLock(f"{self._path}.lock", timeout=_PATIENCE):
                    self._write()
            except OSError as exc:  # filelock's timeout is one too
                told = f"{self._path} cannot be written ({exc}); free the disk"
                raise StorageError(told) from exc

    def _write(self) -> None:
        """Write what is not written yet."""
        kept = self._kept()
        for day, cost in self._unwritten.items():
            kept[day] = kept.get(day, 0.0) + cost
        latest = dict(sorted(kept.items())[-_DAYS:])
        aside = self._path.with_suffix(f".{os.getpid()}.tmp")
        aside.write_text(json.dumps(latest, indent=1), encoding="utf-8")
        aside.replace(self._path)
        self._unwritten.clear()

    def _kept(self) -> dict[str, float]:
        """Return the sum of each day on record."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            sums = {str(day): float(cost) for day, cost in kept.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {day: cost for day, cost in sums.items() if math.isfinite(cost)}
