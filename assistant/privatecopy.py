"""A reader's own copy of a folder, which is removed with the reader, even one that was killed.

Knows: the system's folder for temporary files, and locks. Does not know: what is copied. Invariant:
a copy whose maker lives is locked and never removed by another process.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "firstpilot-reader-"
GRACE = 60.0
"""Seconds: a younger folder may be another process's that has not locked it yet."""


class PrivateCopy:
    """A copy of a folder for this process alone."""

    def __init__(self, folder: Path) -> None:
        """Copy a folder, and remove the copies of processes that are gone.

        Raises:
            OSError: ``folder`` cannot be read, or the copy not written.
        """
        from filelock import FileLock

        place = Path(tempfile.gettempdir())
        _sweep(place)
        self._root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # Taken in one thread, released in whichever closes the index.
        self._lock = FileLock(self._root / ".lock", thread_local=False)
        self.path = self._root / "copy"
        try:
            self._lock.acquire(timeout=0)
            shutil.copytree(folder, self.path)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the copy; what cannot be removed now is left to the next reader."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()
        shutil.rmtree(self._root, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove copies that nobody holds; what belongs to another user stays."""
    from filelock import FileLock, Timeout

    for left in place.glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):
            old = time.time() - left.lstat().st_mtime > GRACE
            if old and left.is_dir() and not left.is_symlink():
                with FileLock(left / ".lock", timeout=0):
                    shutil.rmtree(left / "copy", ignore_errors=True)
                shutil.rmtree(left, ignore_errors=True)
