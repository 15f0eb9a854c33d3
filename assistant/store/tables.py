"""The tables, as SQLAlchemy maps them; ``migrations/`` holds how they came to be.

Invariant: what these say and what the migrations make is the same, which a test compares.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store a time in UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The tables of the store."""


class ConversationRow(Base):
    """A conversation of one owner."""

    __tablename__ = "conversations"
    __table_args__ = (Index("conversations_of", "owner", "updated"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(UtcTime)
    updated: Mapped[datetime] = mapped_column(UtcTime, index=True)


class TurnRow(Base):
    """One question of a conversation, and its answer."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position", name="one_turn_a_place"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE", name="turn_of_conversation")
    )
    position: Mapped[int]
    question: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), index=True)
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    worker: Mapped[str] = mapped_column(String(200))
    asked: Mapped[datetime] = mapped_column(UtcTime)
    touched: Mapped[datetime | None] = mapped_column(UtcTime)
    could_leave: Mapped[bool | None]
    backing: Mapped[str | None] = mapped_column(Text)


class FeedbackRow(Base):
    """One person's word on one answer."""

    __tablename__ = "feedback"
    answer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100), primary_key=True, index=True)
    rating: Mapped[int]
    comment: Mapped[str] = mapped_column(Text)
    given: Mapped[datetime] = mapped_column(UtcTime, index=True)


class UseRow(Base):
    """That an answer was given."""

    __tablename__ = "usage"
    answer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100), index=True)
    door: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(10))
    seconds: Mapped[float] = mapped_column(Double)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    cost: Mapped[float | None] = mapped_column(Double)
    left_machine: Mapped[bool]


class KeyRow(Base):
    """A key, of which only the hash is kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime] = mapped_column(UtcTime)


class LoginRow(Base):
    """A browser that is logged in; of its cookie only the hash is kept."""

    __tablename__ = "logins"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100), index=True)
    role: Mapped[str] = mapped_column(String(20))
    key_id: Mapped[str | None] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE", name="login_by_key")
    )
    expires: Mapped[datetime] = mapped_column(UtcTime, index=True)
