"""Index generations: folders built aside and made current by one atomic rename.

Knows: folders, the manifest, the pointer file, the writer's lock. Does not know what an index
consists of. Invariants: a folder without a manifest is not a generation (it is a build in progress
or one that was killed); the pointer file always names a complete, probed generation; only the
holder of the lock writes; the generation before the current one stays until the next build, so a
process that still reads it is never cut off.

::

    <data>/index/CURRENT            the id of the generation in use
    <data>/index/.lock              held by the one writer
    <data>/index/<id>/manifest.json written last
    <data>/index/<id>/...           whatever the index consists of; never changed again
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import IndexBusy, IndexCorrupt, IndexMissing, StorageError

FORMAT = 9
_MANIFEST = "manifest.json"
_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation was built from, and what must be found in it."""

    format: int
    generation: str
    created: str
    """UTC, ISO 8601."""
    fingerprint: str
    """Hash of everything the index depends on; equal fingerprints mean equal answers."""
    embedder: str
    """Name of the embedder, ``none`` without one."""
    dimension: int
    """Length of its vectors, 0 without an embedder."""
    chunker: str
    terms: str
    knowledge: Mapping[str, str]
    """SHA-256 of each knowledge file, by path relative to the knowledge folder."""
    documents: int
    chunks: Mapping[str, int]
    """Number of chunks by language."""
    files: Mapping[str, str]
    """SHA-256 of every other file, by path inside the folder."""


class Generations:
    """The generations under one folder."""

    def __init__(self, root: Path) -> None:
        """Look at ``root`` without creating anything."""
        self.root = root
        self._pointer = root / "CURRENT"

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever another generation is published; None when none was."""
        try:
            pointer = self._pointer.stat()
        except OSError:
            return None
        return pointer.st_ino, pointer.st_mtime_ns

    def current(self) -> Path:
        """Return the folder of the current generation.

        Raises:
            IndexMissing: nothing was built yet.
            IndexCorrupt: the pointer names no complete generation.
        """
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
            folder = self.root / name
            complete = _NAME.fullmatch(name) and (folder / _MANIFEST).is_file()
        except FileNotFoundError:
            raise IndexMissing("there is no index yet; run: firstpilot ingest") from None
        except (OSError, UnicodeDecodeError) as exc:
            raise IndexCorrupt(f"{self.root / 'CURRENT'}: {exc}; run: firstpilot ingest") from exc
        if not complete:
            message = f"the index pointer names {name[:40]!r}, which is not complete"
            raise IndexCorrupt(f"{message}; run: firstpilot ingest")
        return folder

    @contextmanager
    def writer(self, timeout: float = 0) -> Iterator[None]:
        """Hold the writer's lock.

        Args:
            timeout: seconds to wait for another writer.

        Raises:
            IndexBusy: another process holds it.
            StorageError: the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / ".lock", timeout=timeout)
            with lock:
                yield
        except Timeout as exc:
            message = "another process is building the index; wait until it has finished"
            raise IndexBusy(f"{message}, then run: firstpilot ingest") from exc
        except PermissionError as exc:
            message = f"cannot write the index in {str(self.root)!r}"
            raise StorageError(f"{message}; set FIRSTPILOT_DATA_DIR to a folder you own") from exc
        except OSError as exc:
            message = f"cannot write the index in {str(self.root)!r}: {exc.strerror or exc}"
            raise StorageError(f"{message}; free some space or set FIRSTPILOT_DATA_DIR") from exc

    def new(self) -> Path:
        """Make an empty folder for a build; call with the lock held."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        folder = self.root / f"{stamp}-{uuid.uuid4().hex[:8]}"
        folder.mkdir()
        return folder

    @contextmanager
    def build(self) -> Iterator[Path]:
        """Give an empty folder for a build, removed again when the build fails; lock held."""
        folder = self.new()
        try:
            yield folder
        except BaseException:
            # On a full disk, what a failed build leaves is room that the next one lacks.
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def publish(self, folder: Path) -> None:
        """Make a complete generation current, by one atomic rename; call with the lock held."""
        pointer = self.root / f".CURRENT-{uuid.uuid4().hex[:8]}"
        with pointer.open("w", encoding="utf-8") as file:
            file.write(folder.name)
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(self._pointer)
        _sync_folder(self.root)

    def sweep(self, keep: tuple[Path, ...]) -> None:
        """Remove builds that never finished and generations no longer needed; lock held."""
        for entry in self.root.iterdir():
            if entry.is_dir() and entry not in keep:
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name.startswith(".CURRENT-"):
                entry.unlink(missing_ok=True)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, which makes the folder a complete generation."""
    draft = folder / f"{_MANIFEST}.draft"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, ensure_ascii=False, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _MANIFEST)
    _sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest and hold it against the files.

    Raises:
        IndexCorrupt: the manifest is unreadable, of another format, or a file is missing or cut.
    """
    from pydantic import TypeAdapter

    try:
        manifest = TypeAdapter(Manifest).validate_json((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError) as exc:
        message = f"the manifest of index {folder.name!r} cannot be read"
        raise IndexCorrupt(f"{message}; run: firstpilot ingest --force") from exc
    if manifest.format != FORMAT:
        message = f"index {folder.name!r} has format {manifest.format}, this version reads {FORMAT}"
        raise IndexCorrupt(f"{message}; run: firstpilot ingest --force")
    for name, expected in manifest.files.items():
        if _hash_or_none(folder / name) != expected:
            message = f"index file {name!r} is missing or damaged"
            raise IndexCorrupt(f"{message}; run: firstpilot ingest --force")
    return manifest


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below ``folder``, by path with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in paths}


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_or_none(path: Path) -> str | None:
    """Return the hash of a file that may be gone, or go while it is read."""
    try:
        return file_hash(path)
    except (OSError, ValueError):
        return None


def _sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` durable, where the system lets folders be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
