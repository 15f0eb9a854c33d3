"""Failures: which contents could not be read, so that nobody waits for the same answer again.

Knows: ``<data>/unreadable.json``, hashes with what was wrong, oldest first. Does not know: how a
file is read. Invariant: a note counts only for this version of the program, and a notebook that is
lost or damaged costs time, never a document.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from assistant.errors import StorageError
from assistant.wholefile import write_whole

FILE = "unreadable.json"
_MOST = 1000
"""Notes kept; the oldest are forgotten first."""


class Failures:
    """The notes under one data folder."""

    def __init__(self, data_dir: Path, version: str) -> None:
        """Read the notes that ``version`` of the program made, none when they are damaged."""
        self._path = data_dir / FILE
        self._version = version
        self._notes: dict[str, str] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if kept["version"] == version:
                self._notes = {str(key): str(said) for key, said in kept["notes"].items()}

    def said(self, digest: str) -> str | None:
        """Return what was wrong with a content, None when it is new."""
        return self._notes.get(digest)

    def note(self, digest: str, problem: str) -> None:
        """Keep what is wrong with a content; written by ``save``."""
        self._notes[digest] = problem
        self._changed = True

    def save(self) -> None:
        """Write the notes, whole or not at all.

        Raises:
            StorageError: the data folder cannot be written.
        """
        if not self._changed:
            return
        notes = dict(list(self._notes.items())[-_MOST:])
        try:
            told = {"version": self._version, "notes": notes}
            write_whole(self._path, json.dumps(told, indent=1))
        except OSError as exc:
            message = f"cannot write {str(self._path)!r} ({exc.strerror or exc})"
            raise StorageError(f"{message}; free some space or set FIRSTPILOT_DATA_DIR") from exc
        self._changed = False
