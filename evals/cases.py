"""The case sets: questions over the knowledge base, and what a right answer is.

Knows: the files' schema, which slice a case is in, and what may be looked at. Does not know how a
case is asked or judged. Invariants: a published file does not change (its SHA-256 stands in
``versions.json``); of a case in a test part nothing but numbers leaves this package: it goes by an
alias, and no question, answer or failure of it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant import Language, Message, Role

CANARY = "firstpilot-eval-cases-7d1c2f40-9a55-4e0b-8f2c-1b6f0e7a4d83"
FOLDER = Path(__file__).resolve().parent / "cases"
VERSIONS = "versions.json"


class CaseError(Exception):
    """A case file is wrong; the message names file, line and what to mend."""


class Slice(StrEnum):
    """What a case is to show."""

    ANSWERABLE = "answerable"
    MULTI_SOURCE = "multi-source"
    FOLLOW_UP = "follow-up"
    UNANSWERABLE = "unanswerable"
    FALSE_PREMISE = "false-premise"
    CONFLICT = "conflict"
    INJECTED_QUESTION = "injection-question"
    INJECTED_DOCUMENT = "injection-document"
    CROSS_LINGUAL = "cross-lingual"


class Part(StrEnum):
    """Who may look at a case."""

    DEV = "dev"
    """Anyone; tuned on, so that no result on it is an honest score."""
    TEST = "test"
    """Nobody: scored as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A document that one case file adds to the knowledge."""

    id: str
    language: Language
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question and what a right answer is."""

    id: str
    question: str
    language: Language
    answerable: bool
    slice: Slice
    part: Part
    set: str
    """Name of the set of cases it is in."""
    style: str = ""
    documents: tuple[str, ...] = ()
    """Ids, without language, of documents that answer."""
    sources_needed: int = 1
    """How many different ones of them a right answer cites."""
    sentences: tuple[str, ...] = ()
    """Sentences any of which answers, ``<document>.<language>:<section>.<number>``, where known."""
    figures: tuple[str, ...] = ()
    """What a right answer shows."""
    forbidden: tuple[str, ...] = ()
    """What no answer may show, such as words that an injection asks for."""
    history: tuple[Message, ...] = ()
    sources_in: tuple[Language, ...] = ()
    """Languages of the sources that may be used; empty for all."""
    planted: tuple[Planted, ...] = ()

    @property
    def alias(self) -> str:
        """The name it goes by outside this package."""
        if self.part is Part.DEV:
            return self.id
        return f"sealed-{sha256(f'{self.set}/{self.id}'.encode()).hexdigest()[:12]}"


def load_cases(folder: Path = FOLDER) -> list[Case]:
    """Return all cases, in the order of files and lines.

    Raises:
        CaseError: a file is wrong, was changed, or an id is there twice.
    """
    versions = read_versions(folder)
    cases: list[Case] = []
    for name, entry in versions.items():
        path = folder / name
        if not path.is_file() or digest(path) != entry["sha256"]:
            raise CaseError(
                f"{path} is not what {VERSIONS} says; published cases do not change: undo, or add "
                "a file of a new version"
            )
        cases += read_cases(path)
    seen: dict[str, str] = {}
    for case in cases:
        if case.id in seen:
            raise CaseError(f"the id {case.id!r} is in {seen[case.id]} and in {case.set}")
        seen[case.id] = case.set
    return cases


def dev_rows(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """Yield the cases of the development parts as they are written, file by file."""
    for path in sorted(folder.glob("*-dev.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            # A set may begin with a line about itself.
            if "question" in row:
                yield row


def read_versions(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the published files with their version, number of cases and SHA-256."""
    found: dict[str, dict[str, Any]] = json.loads((folder / VERSIONS).read_text(encoding="utf-8"))
    return found


def write_versions(folder: Path = FOLDER) -> None:
    """Publish the files that ``versions.json`` does not have yet.

    Raises:
        CaseError: a published file was changed.
    """
    path = folder / VERSIONS
    versions = read_versions(folder) if path.is_file() else {}
    for file in sorted(folder.glob("*.jsonl")):
        entry = {"version": 1, "cases": len(read_cases(file)), "sha256": digest(file)}
        known = versions.setdefault(file.name, entry)
        if known["sha256"] != entry["sha256"]:
            raise CaseError(f"{file} was published as version {known['version']} and differs now")
    path.write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


def read_cases(path: Path) -> list[Case]:
    """Read ``<set>-<part>.jsonl``; a first line with ``canary`` is no case.

    Raises:
        CaseError: a line is wrong.
    """
    name, _, part = path.stem.rpartition("-")
    cases = []
    for number, line in enumerate(
        path.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1
    ):
        try:
            row = json.loads(line)
            if "canary" in row:
                continue
            cases.append(_case(row, name, Part(part)))
        except (ValueError, KeyError, TypeError) as exc:
            # Of a test part the line itself must not be shown.
            raise CaseError(f"{path}:{number}: {type(exc).__name__}: {exc}") from exc
    return cases


def _case(row: dict[str, Any], name: str, part: Part) -> Case:
    known = {field for field in Case.__dataclass_fields__ if field not in {"part", "set"}}
    strange = sorted(set(row) - known)
    if strange:
        raise ValueError(f"unknown fields {strange}")
    answerable = row["answerable"]
    if not isinstance(answerable, bool) or not row["question"].strip():
        raise ValueError("needs a question, and answerable as true or false")
    case = Case(
        id=row["id"],
        question=row["question"],
        language=Language(row["language"]),
        answerable=answerable,
        slice=Slice(row["slice"]) if "slice" in row else _slice(row),
        part=part,
        set=name,
        style=row.get("style", ""),
        documents=tuple(row.get("documents", ())),
        sources_needed=row.get("sources_needed", 1),
        sentences=tuple(row.get("sentences", ())),
        figures=tuple(row.get("figures", ())),
        forbidden=tuple(row.get("forbidden", ())),
        history=_history(row.get("history", ())),
        sources_in=tuple(map(Language, row.get("sources_in", ()))),
        planted=tuple(
            Planted(**{**document, "language": Language(document["language"])})
            for document in row.get("planted", ())
        ),
    )
    if answerable and not 1 <= case.sources_needed <= len(case.documents):
        raise ValueError("an answerable case names at least as many documents as it needs")
    return case


def _slice(row: dict[str, Any]) -> Slice:
    """Return the slice of a case that names none."""
    if row.get("style") == "false-premise" and row["answerable"]:
        return Slice.FALSE_PREMISE
    return Slice.ANSWERABLE if row["answerable"] else Slice.UNANSWERABLE


def _history(turns: Sequence[dict[str, str]]) -> tuple[Message, ...]:
    return tuple(Message(role=Role(turn["role"]), content=turn["content"]) for turn in turns)
