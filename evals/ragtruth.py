"""RAGTruth's own files: ``response.jsonl`` and ``source_info.jsonl``, as published.

Niu et al., ACL 2024 (arXiv 2401.00396). Knows: their fields, and how spans become a truth for each
sentence. Invariant: a sentence is unsupported exactly when a labelled span touches it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant import split_sentences
from evals.external import Pair

RESPONSES, SOURCES = "response.jsonl", "source_info.jsonl"
_GOOD = "good"
"""Quality of a response that is neither cut off nor a refusal."""


def ragtruth_folder(data: Path) -> Path | None:
    """Return the folder of RAGTruth's files, None when they are not there."""
    for folder in (data / "ragtruth", data):
        if (folder / RESPONSES).is_file() and (folder / SOURCES).is_file():
            return folder
    return None


def ragtruth_pairs(folder: Path, split: str = "test") -> Iterator[Pair]:
    """Yield the sentences of RAGTruth's responses with their source.

    Args:
        folder: holds both files.
        split: ``train`` or ``test``.
    """
    sources = {row["source_id"]: row for row in _lines(folder / SOURCES)}
    for row in _lines(folder / RESPONSES):
        if row.get("split", split) != split or row.get("quality", _GOOD) != _GOOD:
            continue
        source = sources[row["source_id"]]
        evidence = (_text(source["source_info"]),)
        text = row["response"]
        for at, span in enumerate(split_sentences(text)):
            touched = any(
                label["start"] < span.end and span.start < label["end"] for label in row["labels"]
            )
            yield Pair(
                id=f"{row['id']}/{at}",
                claim=text[span.start : span.end],
                evidence=evidence,
                supported=not touched,
                source=f"ragtruth/{source['task_type']}",
                group=str(row["source_id"]),
            )


def _text(source: str | dict[str, Any]) -> str:
    """Return a source as text: summaries have a string, questions passages, data a record."""
    if isinstance(source, str):
        return source
    passages = source.get("passages")
    if passages is not None:
        return passages if isinstance(passages, str) else "\n".join(map(str, passages))
    return "\n".join(_flat(source, ""))


def _flat(value: object, name: str) -> Iterator[str]:
    """Yield a record as lines of ``name: value``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name} {key}".strip())
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, name)
    elif value is not None:
        yield f"{name}: {value}"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
