"""The library: documents of the operator's own, kept as text in the data folder.

Knows: ``<data>/documents/<id>.json``, one document each, and which file it came from. Does not
know: how a file is read (``extraction``) nor when the index is built. Invariant: a document is
written whole or not at all, and one that cannot be read is named, never skipped in silence.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant.errors import KnowledgeError, StorageError
from assistant.schema import Document, DocumentInfo, Grade, Kind, Language, Source
from assistant.wholefile import write_whole

FOLDER = "documents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document with where it came from."""

    document: Document
    origin: str
    """Absolute path of the file, or its bare name when it was uploaded."""
    digest: str
    """SHA-256 of the file and its sidecar."""


class Library:
    """The documents under one data folder."""

    def __init__(self, data_dir: Path) -> None:
        """Look at ``data_dir`` without creating anything."""
        self._folder = data_dir / FOLDER

    def files(self) -> dict[str, Path]:
        """Return the library's files by the name they have in an index's recipe."""
        return {f"{FOLDER}/{path.name}": path for path in sorted(self._folder.glob("*.json"))}

    def entries(self) -> list[Entry]:
        """Return everything in the library, in order of ids.

        Raises:
            KnowledgeError: a file of it is damaged.
        """
        return [_read(path) for path in self.files().values()]

    def documents(self) -> list[Document]:
        """Return the documents, in order of ids.

        Raises:
            KnowledgeError: a file of it is damaged.
        """
        return [entry.document for entry in self.entries()]

    def put(self, entry: Entry) -> None:
        """Add a document, or replace what came from the same file.

        Raises:
            StorageError: the data folder cannot be written.
        """
        text = json.dumps(asdict(entry), ensure_ascii=True, indent=1)
        try:
            write_whole(self._folder / f"{entry.document.info.id}.json", text)
        except OSError as exc:
            message = f"cannot keep a document in {str(self._folder)!r} ({exc.strerror or exc})"
            raise StorageError(f"{message}; free some space or set FIRSTPILOT_DATA_DIR") from exc
        for stale in self.files().values():
            if stale.stem != entry.document.info.id and _origin(stale) == entry.origin:
                stale.unlink(missing_ok=True)

    def remove(self, entry: Entry) -> None:
        """Take a document out; nothing happens when it is gone."""
        (self._folder / f"{entry.document.info.id}.json").unlink(missing_ok=True)


def document_id(origin: str, language: Language) -> str:
    """Return the id of what came from a file: readable, unique by its whole path."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(origin).stem.lower()).strip("-")[:40] or "document"
    return f"own-{stem}-{sha256(origin.encode()).hexdigest()[:8]}.{language}"


def _origin(path: Path) -> str | None:
    try:
        return _read(path).origin
    except KnowledgeError:
        return None


def _read(path: Path) -> Entry:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        info = data["document"]["info"]
        source = info["source"]
        return Entry(
            document=Document(
                info=DocumentInfo(
                    **info
                    | {
                        "kind": Kind(info["kind"]),
                        "language": Language(info["language"]),
                        "source": Source(**source | {"grade": Grade(source["grade"])}),
                    }
                ),
                text=data["document"]["text"],
            ),
            origin=data["origin"],
            digest=data["digest"],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        problem = f"damaged ({type(exc).__name__}); delete it and ingest its document again"
        raise KnowledgeError(str(path), None, problem) from exc
