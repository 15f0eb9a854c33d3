"""From production to evals: answers that readers marked as bad become candidate cases.

Knows: what is needed of a store of feedback, and what must not leave it. Does not know the store.
Invariants: nothing is exported but what a person marked; addresses, phone numbers and links are
taken out; a question that the case sets have, or that came twice, is left out; a candidate is no
case until a person has said what is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from assistant import AssistantError, detect_language
from evals.cases import CANARY, Case


class Marked(Protocol):
    """An answer that a reader marked as bad, as a store of feedback knows it."""

    @property
    def question(self) -> str:
        """As asked."""
        ...

    @property
    def answer(self) -> str:
        """As shown; empty where it was not kept."""
        ...

    @property
    def comment(self) -> str:
        """What the reader wrote; empty for none."""
        ...

    @property
    def history(self) -> Sequence[tuple[str, str]]:
        """Earlier turns, oldest first: ``user`` or ``assistant``, and what was said."""
        ...

    @property
    def documents(self) -> Sequence[str]:
        """Ids of the documents cited."""
        ...

    @property
    def created(self) -> str:
        """When, ISO 8601."""
        ...


class FeedbackSource(Protocol):
    """What is needed of a store of feedback."""

    def thumbs_down(self) -> Iterable[Marked]:
        """Yield what was marked as bad, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A marked answer, read from a file."""

    question: str
    answer: str = ""
    comment: str = ""
    history: tuple[tuple[str, str], ...] = ()
    documents: tuple[str, ...] = ()
    created: str = ""


class FeedbackFile:
    """Marked answers out of a file of one JSON object a line, as a store exports them."""

    def __init__(self, path: Path) -> None:
        """Take the file; it is read when asked."""
        self._path = path

    def thumbs_down(self) -> Iterator[Mark]:
        """Yield the rows whose ``rating`` is down or below 0; rows without one count.

        Raises:
            AssistantError: a line is wrong.
        """
        try:
            lines = self._path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise AssistantError(f"{self._path} cannot be read as UTF-8 text ({exc})") from exc
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                rating = row.get("rating", "down")
                bad = rating in {"down", "thumbs_down", False} or (
                    isinstance(rating, int | float) and rating < 0
                )
                if bad:
                    yield _mark(row)
            except (ValueError, KeyError, TypeError, AttributeError) as exc:
                raise AssistantError(
                    f"{self._path}:{number}: {exc!r}; a line is an object with 'question', and "
                    "'answer', 'comment', 'history', 'documents', 'created' where known"
                ) from exc


def _mark(row: dict[str, Any]) -> Mark:
    return Mark(
        question=row["question"],
        answer=row.get("answer", ""),
        comment=row.get("comment", "") or "",
        history=tuple((turn["role"], turn["content"]) for turn in row.get("history", ())),
        documents=tuple(row.get("documents", ())),
        created=row.get("created", ""),
    )


def candidates(source: FeedbackSource, known: Iterable[Case]) -> list[dict[str, Any]]:
    """Return marked answers as candidate cases, in the form of the case files.

    ``answerable``, ``documents`` and ``figures`` are left open for a person to fill in; what was
    answered, cited and complained about stands under ``note``.

    Args:
        source: the store.
        known: cases there are; their questions are left out.
    """
    seen = {_folded(case.question) for case in known}
    made: list[dict[str, Any]] = []
    for marked in source.thumbs_down():
        question = without_personal(marked.question)
        if not question or _folded(question) in seen:
            continue
        seen.add(_folded(question))
        row: dict[str, Any] = {
            "id": f"feedback-{len(made) + 1:04}",
            "question": question,
            "language": detect_language(question).value,
            "answerable": None,
            "documents": [],
            "figures": [],
            "note": {
                "answer": without_personal(marked.answer),
                "comment": without_personal(marked.comment),
                "cited": list(marked.documents),
                "created": marked.created[:10],
            },
        }
        if marked.history:
            row["history"] = [
                {"role": role, "content": without_personal(said)} for role, said in marked.history
            ]
        made.append(row)
    return made


def write_candidates(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """Write candidates, the canary first; return how many.

    Raises:
        AssistantError: the file is there already, and may have been worked on.
    """
    lines = [json.dumps({"canary": CANARY})]
    lines += [json.dumps(row, ensure_ascii=False) for row in rows]
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError as exc:
        raise AssistantError(f"{path} is there already; name another file") from exc
    return len(lines) - 1


_PERSONAL = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
    (re.compile(r"\bhttps?://\S+|\bwww\.\S+"), "<link>"),
    (re.compile(r"(?<![A-Za-z0-9.,])\+?\d(?:[ ()/-]{0,2}\d){8,14}(?![\w%])"), "<number>"),
)
"""Telephone, account and identity numbers have nine digits or more in a row; figures of that length
are written with commas or units."""


def without_personal(text: str) -> str:
    """Return a text without e-mail addresses, links and long numbers, in one line."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return " ".join(text.split())


def _folded(question: str) -> str:
    return re.sub(r"[\W_]+", "", question).casefold()
