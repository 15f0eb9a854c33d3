"""Where vectors are remembered: the most recent in memory, all in one SQLite file.

Knows: keys and raw vectors. Does not know: texts or embedders. Invariant: what goes wrong with the
file costs time and never raises; a damaged vector counts as absent.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing the file."""

_SUM = 4
"""Bytes of a checksum."""
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


class RecentVectors:
    """The most recently used vectors. Safe between threads."""

    def __init__(self, size: int) -> None:
        """Hold at most ``size`` vectors."""
        self._size = size
        self._held: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return those of the vectors that are held."""
        with self._lock:
            found = {key: self._held[key] for key in keys if key in self._held}
            for key in found:
                self._held.move_to_end(key)
        return found

    def put(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        """Hold these, and let go of what was not used for longest."""
        with self._lock:
            for key, vector in vectors.items():
                self._held[key] = vector
                self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)


class VectorFile:
    """Vectors in an SQLite file. Never raises: what goes wrong is logged once, then done without.

    A connection lives for one operation, so that threads, forks and other processes share nothing.
    SQLite does not notice damage within a value: each carries a checksum over its key and itself,
    and one that does not agree counts as absent.
    """

    def __init__(self, path: Path | None) -> None:
        """Take the file's path, or None to keep nothing."""
        self.path = path
        self._usable = path is not None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the undamaged vectors, as little-endian float32."""

        def read(db: sqlite3.Connection) -> dict[bytes, bytes]:
            found: dict[bytes, bytes] = {}
            for at in range(0, len(keys), 500):
                some = keys[at : at + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
                found.update(db.execute(query, some))
            return found

        nothing: dict[bytes, bytes] = {}
        return {
            key: raw[_SUM:]
            for key, raw in self._do(read, nothing).items()
            if _checksum(key, raw[_SUM:]) == raw[:_SUM]
        }

    def put(self, name: str, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        """Keep the vectors of the embedder ``name``."""
        raws = {key: vector.astype("<f4").tobytes() for key, vector in vectors.items()}
        rows = [(key, name, _checksum(key, raw) + raw) for key, raw in raws.items()]

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

        self._do(write, None)

    def dimension(self, name: str) -> int | None:
        """Return how many numbers a vector of the embedder has, if it has any here."""

        def read(db: sqlite3.Connection) -> int | None:
            query = "SELECT length(vector) FROM vectors WHERE name = ? LIMIT 1"
            row = db.execute(query, (name,)).fetchone()
            return (int(row[0]) - _SUM) // 4 if row else None

        return self._do(read, None)

    def _do(self, work: Callable[[sqlite3.Connection], _Found], without: _Found) -> _Found:
        """Return what the work returns, or ``without`` when the file cannot be used."""
        deadline = time.monotonic() + BUSY_SECONDS
        for _ in range(1000):
            if not self._usable or self.path is None:
                break
            before = _identity(self.path)
            try:
                with closing(self._open(self.path)) as db:
                    return work(db)
            except (sqlite3.Error, OSError) as exc:
                if _is_busy(exc):
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.02)
                elif not (_is_broken(exc) and self._set_aside(self.path, before, exc)):
                    self._give_up(exc)
        return without

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(key BLOB PRIMARY KEY, name TEXT NOT NULL, vector BLOB NOT NULL)"
            )
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self, path: Path, before: tuple[int, int] | None, exc: Exception) -> bool:
        """Rename a broken file; return False when that is impossible."""
        # Another process may have put a good file in its place by now.
        if _identity(path) != before:
            return True
        try:
            for ending in ("-wal", "-shm", ""):
                part = path.with_name(path.name + ending)
                if part.exists():
                    part.replace(path.with_name(f"{path.name}.broken{ending}"))
        except OSError:
            return False
        _log.warning("the vector cache %s was damaged (%s); set aside as .broken", path, exc)
        return True

    def _give_up(self, exc: Exception) -> None:
        self._usable = False
        _log.warning("vectors are kept in memory alone: %s cannot be used (%s)", self.path, exc)


def _checksum(key: bytes, raw: bytes) -> bytes:
    return crc32(raw, crc32(key)).to_bytes(_SUM, "little")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _code(exc: Exception) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(exc: Exception) -> bool:
    return _code(exc) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_broken(exc: Exception) -> bool:
    """Whether the file's contents are at fault; SQLITE_ERROR stands for somebody else's table."""
    broken = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
    return _code(exc) in broken
