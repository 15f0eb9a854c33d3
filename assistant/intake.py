"""Intake: files of the operator's own into the library, each for itself, none stopping the others.

Knows: which files are taken, what describes them (a sidecar ``<file>.yaml``, a Markdown file's
front matter, defaults), and when one may be left alone. Does not know: the index. Invariant: every
file given ends as one outcome, and a file that fails leaves what was kept of it before and is not
read again until it changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant import __version__
from assistant.errors import AssistantError, KnowledgeError
from assistant.extraction import SUFFIXES, Extracted
from assistant.failures import FILE, Failures
from assistant.language import detect_language
from assistant.library import FOLDER, Entry, Library, document_id
from assistant.schema import (
    Document,
    DocumentInfo,
    Grade,
    Kind,
    Language,
    Source,
    parse_published,
)

Progress = Callable[[int, int, str], None]
MAX_BYTES = 100 * 1024 * 1024
SECONDS = 180
"""How long one file may take to be read."""
_WORKERS = 2


class State(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file."""

    path: str
    state: State
    detail: str
    """One line: what was read, or what is wrong and what to do."""


class Description(BaseModel):
    """What a sidecar may say of a file; everything may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: str | None = Field(default=None, min_length=1)
    publisher: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    published: str | None = None
    geography: str | None = None
    population: str | None = None
    grade: Grade = Grade.OWN_DOCUMENT
    kind: Kind = Kind.REPORT
    language: Language | None = None
    licence: str = "not stated"

    @field_validator("published", mode="before")
    @classmethod
    def _is_a_date(cls, value: object) -> str | None:
        if value is None:
            return None
        parse_published(str(value))
        return str(value)


_OWN = {Language.EN: "Own documents", Language.ZH: "自有文件"}
_UNSTATED = {Language.EN: "not stated", Language.ZH: "未说明"}


def add_documents(
    paths: Sequence[Path], data_dir: Path, progress: Progress | None = None
) -> list[Outcome]:
    """Read files, and all files of folders, into the library.

    A file that was read before and has not changed is left alone; one that has gone from a given
    folder is taken out. Run ``build_index`` afterwards.

    Args:
        paths: files or folders.
        data_dir: the folder of all state.
        progress: told about the files.

    Returns:
        One outcome for each file, in order of their paths.

    Raises:
        StorageError: the data folder cannot be written.
        KnowledgeError: a file of the library is damaged.
    """
    report = progress or (lambda done, total, stage: None)
    library, failures = Library(data_dir), Failures(data_dir, __version__)
    known = {entry.origin: entry for entry in library.entries()}
    outcomes = [_missing(path) for path in paths if not path.exists()]
    files = sorted({file.absolute() for path in paths for file in _files(path)})
    taken: dict[str, str] = {entry.digest: origin for origin, entry in known.items()}
    try:
        with ThreadPoolExecutor(_WORKERS) as pool:
            reading = pool.map(lambda file: _read(file, known, failures), files)
            for done, (file, found) in enumerate(zip(files, reading, strict=True), start=1):
                outcomes.append(_kept(file, found, library, taken))
                report(done, len(files), "reading documents")
    finally:
        failures.save()
    given = [path.absolute() for path in paths if path.is_dir()]
    for origin, entry in known.items():
        if any(Path(origin).is_relative_to(folder) for folder in given):
            if Path(origin).exists():
                continue
            library.remove(entry)
            detail = "gone from its folder"
            outcomes.append(Outcome(path=origin, state=State.REMOVED, detail=detail))
    return outcomes


def remove_document(name: str, data_dir: Path) -> list[Outcome]:
    """Take out of the library whatever has this file name, path or id.

    Raises:
        KnowledgeError: nothing has.
    """
    library = Library(data_dir)
    outcomes = []
    for entry in library.entries():
        if name in {entry.origin, Path(entry.origin).name, entry.document.info.id}:
            library.remove(entry)
            outcomes.append(Outcome(path=entry.origin, state=State.REMOVED, detail="as asked"))
    if not outcomes:
        held = ", ".join(sorted(Path(entry.origin).name for entry in library.entries())[:5])
        raise KnowledgeError(name, None, f"no document of that name is kept; kept: {held or '-'}")
    return outcomes


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else []
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and file.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]


def _missing(path: Path) -> Outcome:
    detail = "there is no such file or folder; check the path"
    return Outcome(path=str(path), state=State.FAILED, detail=detail)


def _read(file: Path, known: dict[str, Entry], failures: Failures) -> Entry | AssistantError | None:
    """Return what a file holds, what is wrong with it, or None when it is known and unchanged."""
    try:
        digest, sidecar = _digest(file)
        before = known.get(str(file))
        if before and before.digest == digest:
            return None
        if said := failures.said(digest):
            again = f"unchanged since it failed; to try again delete {FILE} in the data folder"
            return KnowledgeError(str(file), None, f"{said} ({again})")
        try:
            extracted = _extracted(file)
        except KnowledgeError as exc:
            failures.note(digest, str(exc).removeprefix(f"{file}: "))
            raise
        described = _described(file, sidecar or extracted.front)
        return Entry(
            document=_document(file, extracted, described), origin=str(file), digest=digest
        )
    except AssistantError as exc:
        return exc
    except OSError as exc:
        return KnowledgeError(str(file), None, f"{exc.strerror or exc}; check its permissions")


def _digest(file: Path) -> tuple[str, str]:
    """Return a hash over a file and what describes it, and the description."""
    size = file.stat().st_size
    if size > MAX_BYTES:
        problem = f"{size / 2**20:.0f} MiB; files up to {MAX_BYTES // 2**20} are read: split it"
        raise KnowledgeError(str(file), None, problem)
    if not size:
        raise KnowledgeError(str(file), None, "empty; save it again")
    beside = file.with_name(f"{file.name}.yaml")
    sidecar = beside.read_text(encoding="utf-8", errors="replace") if beside.is_file() else ""
    return sha256(file.read_bytes() + b"\0" + sidecar.encode()).hexdigest(), sidecar


def _extracted(file: Path) -> Extracted:
    """Read a file in a process of its own."""
    command = [sys.executable, "-m", "assistant.extraction", str(file)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        problem = f"not read within {SECONDS} s; split it or save it in another format"
        raise KnowledgeError(str(file), None, problem) from exc
    try:
        data: dict[str, Any] = json.loads(done.stdout)
    except ValueError as exc:
        problem = "damaged, or needs too much memory; open it and save it anew"
        raise KnowledgeError(str(file), None, problem) from exc
    if "problem" in data:
        raise KnowledgeError(str(file), None, str(data["problem"]).removeprefix(f"{file}: "))
    return Extracted(**data)


def _described(file: Path, written: str) -> Description:
    try:
        return Description.model_validate(yaml.safe_load(written) or {})
    except yaml.YAMLError as exc:
        problem = f"what describes it is not YAML ({' '.join(str(exc).split())[:120]})"
        raise KnowledgeError(str(file), None, f"{problem}; write 'key: value' lines") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the description"
        problem = f"{place}: {first['msg']}; keys: {', '.join(Description.model_fields)}"
        raise KnowledgeError(str(file), None, problem) from exc


def _document(file: Path, extracted: Extracted, described: Description) -> Document:
    language = described.language or detect_language(extracted.text[:20_000])
    changed = datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
    return Document(
        info=DocumentInfo(
            id=document_id(str(file), language),
            title=described.title or extracted.title or file.stem,
            kind=described.kind,
            language=language,
            translation_of=None,
            path=f"{FOLDER}/{file.name}",
            source=Source(
                publisher=described.publisher or _OWN[language],
                url=described.url,
                published=described.published or extracted.published or changed,
                geography=described.geography or _UNSTATED[language],
                population=described.population or _UNSTATED[language],
                grade=described.grade,
                licence=described.licence,
            ),
        ),
        text=extracted.text,
    )


def _kept(
    file: Path, found: Entry | AssistantError | None, library: Library, taken: dict[str, str]
) -> Outcome:
    if found is None:
        return Outcome(path=str(file), state=State.UNCHANGED, detail="read before")
    if isinstance(found, AssistantError):
        detail = str(found).removeprefix(f"{file}: ")
        return Outcome(path=str(file), state=State.FAILED, detail=detail)
    first = taken.setdefault(found.digest, found.origin)
    if first != found.origin and Path(first).exists():
        return Outcome(path=str(file), state=State.UNCHANGED, detail=f"the same as {first}")
    library.put(found)
    detail = f"{len(found.document.text):,} characters, {found.document.info.language}"
    return Outcome(path=str(file), state=State.ADDED, detail=detail)
