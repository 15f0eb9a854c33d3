"""External evaluation data: read from a folder outside the project, never copied into it.

Knows: the files' names and schemas. Invariant: an absent file is said clearly and is no failure.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import Document, DocumentInfo, Grade, Kind, Language, Settings, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A question and the id of the one passage that answers it."""

    question: str
    gold: str


def data_folder(settings: Settings) -> Path | None:
    """Return the folder of external data, or None when there is none."""
    if settings.eval_data is not None:
        return settings.eval_data
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    return beside if beside.is_dir() else None


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read a gzipped file of one JSON object a line."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def xquad(folder: Path, asked: Language, answered: Language) -> tuple[list[Document], list[Lookup]]:
    """Return XQuAD's paragraphs in one language and its questions in another (or the same).

    Source: Artetxe, Ruder and Yogatama, ACL 2020; CC BY-SA 4.0.
    """
    rows = read_rows(folder / "xquad_en_zh_dev.jsonl.gz")
    documents = [
        as_document(row["pid"], row[answered.value], answered)
        for row in rows
        if row["type"] == "passage"
    ]
    lookups = [
        Lookup(question=row[asked.value]["question"], gold=row["pid"])
        for row in rows
        if row["type"] == "question"
    ]
    return documents, lookups


def as_document(key: str, text: str, language: Language) -> Document:
    """Wrap a bare passage as a document."""
    source = Source(
        publisher="external",
        url=None,
        published="2020",
        geography="",
        population="",
        grade=Grade.EDITORIAL,
        licence="not distributed",
    )
    info = DocumentInfo(
        id=key,
        title="",
        kind=Kind.REPORT,
        language=language,
        translation_of=None,
        path=key,
        source=source,
    )
    return Document(info=info, text=text)


def recall_at(ranks: Sequence[int | None], k: int) -> float:
    """Return the share of questions whose gold passage stands among the first ``k``.

    Args:
        ranks: rank from 1 of each question's gold passage, None when it was not found.
        k: at least 1.
    """
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)
