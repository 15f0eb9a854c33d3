"""Feedback and usage: what people think of answers, and how much answers took.

Invariant: neither holds a word of a question; a comment is what its writer wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import select

from assistant.contract import Answer
from assistant.errors import QuestionError
from assistant.store.database import Database, storable
from assistant.store.records import Feedback, Use
from assistant.store.tables import FeedbackRow, UseRow

MAX_COMMENT = 2000
"""Characters of a comment."""


class Opinions:
    """Feedback on answers, one per person and answer. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def give(self, owner: str, answer_id: str, rating: int, comment: str = "") -> Feedback:
        """Keep a person's rating in place of their earlier one of the same answer.

        Args:
            owner: who gives it; only who asked may.
            answer_id: the answer it is about.
            rating: 1, -1, or 0 for a comment alone.
            comment: at most ``MAX_COMMENT`` characters; an empty one leaves what was said before.

        Raises:
            QuestionError: no such answer was given to this owner, or the feedback is no feedback.
        """
        answer_id, comment = storable(answer_id), storable(comment).strip()
        if rating not in {-1, 0, 1}:
            raise QuestionError(f"a rating is 1, -1 or 0, not {rating}")
        if len(comment) > MAX_COMMENT:
            message = f"the comment has {len(comment):,} characters"
            raise QuestionError(f"{message}; shorten it to {MAX_COMMENT:,}")
        with self._database.session() as session:
            known = select(UseRow.answer_id).where(
                UseRow.answer_id == answer_id, UseRow.owner == owner
            )
            if session.scalar(known) is None:
                raise QuestionError(f"no answer {answer_id[:40]!r} was given to you; give its id")
            before = session.get(FeedbackRow, (answer_id, owner))
            row = FeedbackRow(
                answer_id=answer_id,
                owner=owner,
                rating=rating,
                comment=comment or (before.comment if before else ""),
                given=datetime.now(UTC),
            )
            session.merge(row)
        return _feedback(row)

    def of(self, owner: str, answer_ids: Iterable[str] | None = None) -> dict[str, Feedback]:
        """Return an owner's feedback by answer; only on some answers when these are named."""
        query = select(FeedbackRow).where(FeedbackRow.owner == owner)
        if answer_ids is not None:
            query = query.where(FeedbackRow.answer_id.in_(list(answer_ids)))
        with self._database.reading() as session:
            return {row.answer_id: _feedback(row) for row in session.scalars(query)}

    def all(self) -> list[Feedback]:
        """Return everybody's feedback without saying whose, oldest first; for maintainers."""
        with self._database.reading() as session:
            rows = session.scalars(select(FeedbackRow).order_by(FeedbackRow.given))
            return [_feedback(row) for row in rows]


class Usage:
    """That answers were given. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def add(self, owner: str, door: str, answer: Answer, seconds: float) -> None:
        """Keep that an answer was given to an owner by a door in so many wall seconds."""
        made = answer.provenance
        row = UseRow(
            answer_id=answer.id,
            owner=owner,
            door=door,
            kind=answer.kind.value,
            language=answer.language.value,
            seconds=seconds,
            at=datetime.now(UTC),
            input_tokens=made.input_tokens,
            output_tokens=made.output_tokens,
            cost=made.cost,
            left_machine=made.left_machine,
        )
        with self._database.session() as session:
            session.merge(row)

    def of(self, owner: str) -> list[Use]:
        """Return the uses of an owner, oldest first."""
        query = select(UseRow).where(UseRow.owner == owner).order_by(UseRow.at)
        with self._database.reading() as session:
            return [_use(row) for row in session.scalars(query)]


def _feedback(row: FeedbackRow) -> Feedback:
    return Feedback(
        answer_id=row.answer_id, rating=row.rating, comment=row.comment, given=row.given
    )


def _use(row: UseRow) -> Use:
    return Use(
        answer_id=row.answer_id,
        owner=row.owner,
        door=row.door,
        kind=row.kind,
        language=row.language,
        seconds=row.seconds,
        at=row.at,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost=row.cost,
        left_machine=row.left_machine,
    )
