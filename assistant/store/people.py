"""What is kept about one person: handed out, erased, and let go when its time is over.

Invariant: every table with an owner is in ``_OWNED``, which a test compares with the tables.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from assistant.contract import CONTRACT
from assistant.store.database import Database
from assistant.store.tables import ConversationRow, FeedbackRow, LoginRow, TurnRow, UseRow

_OWNED: tuple[tuple[type[Any], InstrumentedAttribute[str]], ...] = (
    (ConversationRow, ConversationRow.owner),
    (FeedbackRow, FeedbackRow.owner),
    (UseRow, UseRow.owner),
    (LoginRow, LoginRow.owner),
)


class People:
    """What is kept about people. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def export(self, owner: str) -> dict[str, Any]:
        """Return everything kept about an owner, as plain types fit for JSON."""
        with self._database.reading() as session:
            found = {
                table.__tablename__: [
                    _plain(row) for row in session.scalars(select(table).where(column == owner))
                ]
                for table, column in _OWNED
            }
            turns = session.scalars(
                select(TurnRow)
                .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
                .where(ConversationRow.owner == owner)
                .order_by(ConversationRow.created, TurnRow.position)
            )
            found["turns"] = [_plain(row) for row in turns]
        return {"contract": CONTRACT, "owner": owner, **found}

    def erase(self, owner: str) -> int:
        """Delete everything kept about an owner; return how many rows that were."""
        return self._delete(*((table, column == owner) for table, column in _OWNED))

    def owners(self) -> list[str]:
        """Return everybody about whom something is kept."""
        with self._database.reading() as session:
            found = {
                owner
                for _, column in _OWNED
                for owner in session.scalars(select(column).distinct())
            }
        return sorted(found)

    def let_go(self, days: int) -> int:
        """Delete what was last touched more than so many days ago; return how many rows."""
        now = datetime.now(UTC)
        before = now - timedelta(days=days)
        return self._delete(
            (ConversationRow, ConversationRow.updated < before),
            (FeedbackRow, FeedbackRow.given < before),
            (UseRow, UseRow.at < before),
            (LoginRow, LoginRow.expires < now),
        )

    def _delete(self, *rows: tuple[type[Any], ColumnElement[bool]]) -> int:
        gone = 0
        with self._database.session() as session:
            for table, which in rows:
                done = session.execute(delete(table).where(which))
                gone += done.rowcount if isinstance(done, CursorResult) else 0
        return gone


def _plain(row: Any) -> dict[str, Any]:
    """Return a row as plain types, without what would let somebody in."""
    return {
        column.name: value.isoformat() if isinstance(value, datetime) else value
        for column in row.__table__.columns
        if column.name not in {"hash", "worker"}
        for value in (getattr(row, column.name),)
    }
