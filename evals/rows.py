"""Rows: what became of each case, one JSON object a line, kept as soon as it is known.

Knows: the row's fields and its file. Does not know what the numbers mean. Invariant: a file that
was cut off in the middle of a line can be read and gone on with.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which case of which suite, put to which system."""

    suite: str
    case: str
    system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one case."""

    suite: str
    case: str
    system: str
    part: str
    """``dev``, ``test`` or ``external``."""
    slice: str
    language: str
    """Asked in."""
    passed: bool | None = None
    """Whether it went as it should; None when that cannot be told of one case alone."""
    measured: dict[str, float | bool | None] = field(default_factory=dict)
    """By the names in ``summary.MEASURES``; None where one does not apply."""
    score: float | None = None
    """What the system said of the chance that ``truth``, in [0, 1]."""
    truth: bool | None = None
    group: str = ""
    """Equal for cases that are no independent draws."""
    error: str = ""
    """Why there is no result; counted apart, never as right or wrong."""
    detail: dict[str, Any] = field(default_factory=dict)
    """Question, answer and what failed; empty for what may not be looked at."""

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(suite=self.suite, case=self.case, system=self.system)


def read_rows(path: Path) -> list[Row]:
    """Read a file of rows; half a line at its end, from a killed run, is left out."""
    if not path.is_file():
        return []
    # Texts hold other line separators than the one between rows.
    *lines, _ = path.read_text(encoding="utf-8").split("\n")
    return [Row(**json.loads(line)) for line in lines]


class RowFile:
    """Appends rows, from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file; half a line at its end is taken off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            kept = path.read_bytes()
            path.write_bytes(kept[: kept.rfind(b"\n") + 1])
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, row: Row) -> None:
        """Append a row and hand it to the operating system."""
        line = json.dumps(asdict(row), ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def without_errors(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that have a result."""
    return [row for row in rows if not row.error]
