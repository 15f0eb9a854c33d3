"""External evaluation data: read from a folder outside the project, never copied into it.

Knows: the files' names and schemas. Invariant: an absent file is said clearly and is no failure.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
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


GROUNDING_SETS = ("attributionbench", "wice", "wice_oracle", "summedits", "begin")
"""External sets of claims with evidence; FaithBench comes as spans."""
_MARKER = re.compile(r"\s*\[\d+\]")
TRAINABLE = frozenset(GROUNDING_SETS)
"""Sets a model may be fitted on; RGB and FaithBench are for measuring alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A claim, what it is to rest on, and whether it does."""

    id: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool
    """Whether the evidence bears out the whole claim; partly does not count."""
    source: str
    """The set, and where it has parts, which one: ``summedits/news``."""
    group: str
    """Equal for pairs about the same text, so that they stay on one side of a split."""

    @property
    def held_out(self) -> bool:
        """Whether no model may be fitted on it; see ``is_held_out``."""
        return is_held_out(self.group)


def is_held_out(group: str) -> bool:
    """Whether a group is kept out of fitting: SHA-256 of its name, first four bytes, modulo 3 is 0."""
    return int.from_bytes(sha256(group.encode()).digest()[:4]) % 3 == 0


def grounding_pairs(folder: Path, name: str) -> list[Pair]:
    """Return the pairs of one of ``GROUNDING_SETS``, or of ``faithbench`` one for each sentence.

    Sources: AttributionBench (Yue et al., 2024), WiCE (Kamoi et al., 2023), SummEdits (Laban et
    al., 2023), BEGIN (Dziri et al., 2022), FaithBench (Bao et al., 2024).
    """
    if name == "faithbench":
        return list(_sentence_pairs(read_rows(folder / "spans_en_faithbench_dev.jsonl.gz")))
    ending = "" if name == "begin" else "_dev"
    return [
        Pair(
            id=row["id"],
            claim=_MARKER.sub("", row["claim"]).strip(),
            evidence=tuple(row["evidence"]),
            supported=row["label"] == "supported",
            source=f"{name}/{row['src']}" if row.get("src") else name,
            group=_group(name, row),
        )
        for row in read_rows(folder / f"grounding_en_{name}{ending}.jsonl.gz")
    ]


def _group(name: str, row: dict[str, Any]) -> str:
    """Return what pairs have in common that are about the same text."""
    if name.startswith("wice"):
        # The same article's claims bear ids in a row; the id alone is one claim and its chunks.
        return str(row["id"])
    if name == "summedits":
        return "".join(row["evidence"])
    return str(row.get("question") or row["id"])


def _sentence_pairs(rows: list[dict[str, Any]]) -> Iterator[Pair]:
    """Yield FaithBench's sentences; one that overlaps a flagged span is not supported."""
    for row in rows:
        for at, sentence in enumerate(row["sentences"]):
            yield Pair(
                id=f"{row['id']}/{at}",
                claim=sentence["text"].strip(),
                evidence=(row["source"],),
                supported=not sentence["label"],
                source="faithbench",
                group=row["source"],
            )


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
