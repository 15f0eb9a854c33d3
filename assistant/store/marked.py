"""Answers that readers marked as bad, with what was asked: for maintainers who make cases of them.

Knows: how a mark is joined with its conversation. Invariants: nothing is given out but what was
marked, and never whose it is; what its owner has deleted is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from assistant.contract import Answer
from assistant.store.database import Database
from assistant.store.tables import ConversationRow, FeedbackRow, TurnRow

TURNS = 3
"""Earlier questions that are given with a marked one; an answer rests on no more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An answer that a reader marked as bad."""

    question: str
    answer: str
    comment: str
    history: tuple[tuple[str, str], ...]
    """Earlier turns, oldest first: ``user`` or ``assistant``, and what was said."""
    documents: tuple[str, ...]
    """Documents cited, each once."""
    created: str
    """When it was marked, ISO 8601."""


class Marks:
    """Reads marked answers. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def thumbs_down(self) -> Iterator[Marked]:
        """Yield marked answers whose conversation is still kept, oldest mark first."""
        with self._database.reading() as session:
            marks = session.scalars(
                select(FeedbackRow).where(FeedbackRow.rating < 0).order_by(FeedbackRow.given)
            ).all()
            for mark in marks:
                turns = session.scalars(
                    select(TurnRow)
                    .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
                    .where(ConversationRow.owner == mark.owner, TurnRow.answer.is_not(None))
                    .order_by(TurnRow.conversation_id, TurnRow.position)
                ).all()
                for at, turn in enumerate(turns):
                    answer = Answer.model_validate_json(turn.answer or "")
                    if answer.id == mark.answer_id:
                        before = [
                            earlier
                            for earlier in turns[max(at - TURNS, 0) : at]
                            if earlier.conversation_id == turn.conversation_id
                        ]
                        yield _marked(mark, turn, answer, before)


def _marked(mark: FeedbackRow, turn: TurnRow, answer: Answer, before: list[TurnRow]) -> Marked:
    history: list[tuple[str, str]] = []
    for earlier in before:
        history += [("user", earlier.question), ("assistant", earlier.text)]
    return Marked(
        question=turn.question,
        answer=answer.text,
        comment=mark.comment,
        history=tuple(history),
        documents=tuple(dict.fromkeys(citation.document_id for citation in answer.citations)),
        created=mark.given.isoformat(timespec="seconds"),
    )
