"""Conversations: asked, answered, renamed, searched, deleted, each by its owner alone.

Knows: what a turn is while it is answered and after. Does not know pages. Invariants: no call gives
or changes what belongs to another owner; a turn whose server went away is never shown as done.
"""

from __future__ import annotations

import socket
import sys
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import islice
from os import getpid, kill

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session

from assistant.contract import Answer
from assistant.errors import QuestionError
from assistant.store.database import Database, storable
from assistant.store.records import Backing, Conversation, Turn, TurnState
from assistant.store.tables import ConversationRow, TurnRow

TITLE_CHARS = 80
"""Characters of a title that is taken from a question."""
MOST_WORDS = 20
"""Words that are searched for at once; each is a look through all turns."""
LEASE = timedelta(minutes=10)
"""After so long without a word an answer counts as broken off, wherever it was made."""


class Conversations:
    """The conversations of all owners. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database, and mark what an earlier process of this machine left unfinished."""
        self._database = database
        self._worker = f"{socket.gethostname()}:{getpid()}:{uuid.uuid4().hex[:8]}"
        self.recover()

    def create(self, owner: str, title: str = "") -> Conversation:
        """Begin a conversation; without a title it takes that of its first question."""
        now = datetime.now(UTC)
        row = ConversationRow(
            id=uuid.uuid4().hex, owner=owner, title=_short(title), created=now, updated=now
        )
        with self._database.session() as session:
            session.add(row)
        return _conversation(row, 0)

    def of(self, owner: str, limit: int = 200) -> list[Conversation]:
        """Return an owner's conversations, the last one used first."""
        return self._found(ConversationRow.owner == owner, limit=limit)

    def get(self, owner: str, conversation_id: str) -> Conversation | None:
        """Return one conversation, or None when this owner has none of that id."""
        found = self._found(ConversationRow.owner == owner, ConversationRow.id == conversation_id)
        return found[0] if found else None

    def search(self, owner: str, words: str, limit: int = 50) -> list[Conversation]:
        """Return conversations that have every word somewhere, the last one used first.

        Args:
            owner: whose.
            words: with spaces between, each to stand in the title, a question or an answer; after
                the first ``MOST_WORDS`` they are left out.
            limit: how many at most.
        """
        distinct = dict.fromkeys(storable(words).split())
        held = [_has(word) for word in islice(distinct, MOST_WORDS)]
        return self._found(ConversationRow.owner == owner, *held, limit=limit)

    def rename(self, owner: str, conversation_id: str, title: str) -> bool:
        """Give a conversation another title; False when this owner has none of that id."""
        with self._database.session() as session:
            row = _own(session, owner, conversation_id)
            if row is None or not title.strip():
                return False
            row.title = _short(title, 200)
        return True

    def delete(self, owner: str, conversation_id: str) -> bool:
        """Delete a conversation and its turns; False when this owner has none of that id."""
        with self._database.session() as session:
            row = _own(session, owner, conversation_id)
            if row is None:
                return False
            session.delete(row)
        return True

    def turns(self, owner: str, conversation_id: str) -> list[Turn]:
        """Return a conversation's turns, oldest first; none when it is not this owner's."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(TurnRow)
                .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
                .where(ConversationRow.id == conversation_id, ConversationRow.owner == owner)
                .order_by(TurnRow.position)
            )
            return [_turn(row) for row in rows]

    def begin(
        self, owner: str, conversation_id: str, question: str, could_leave: bool | None = None
    ) -> Turn:
        """Add a question that is now being answered.

        Args:
            owner: who asks.
            conversation_id: in which conversation.
            question: as typed.
            could_leave: whether text can leave the machine meanwhile, when that is known.

        Raises:
            QuestionError: this owner has no conversation of that id (any more).
        """
        now = datetime.now(UTC)
        with self._database.session() as session:
            held = _own(session, owner, conversation_id, lock=True)
            if held is None:
                message = f"there is no conversation {conversation_id!r}"
                raise QuestionError(f"{message}; it may have been deleted: begin a new one")
            held.updated = now
            held.title = held.title or _short(question)
            taken = select(func.max(TurnRow.position)).where(
                TurnRow.conversation_id == conversation_id
            )
            last = session.scalar(taken)
            row = TurnRow(
                id=uuid.uuid4().hex,
                conversation_id=conversation_id,
                position=0 if last is None else last + 1,
                question=storable(question),
                state=TurnState.ANSWERING,
                text="",
                answer=None,
                worker=self._worker,
                asked=now,
                touched=now,
                could_leave=could_leave,
            )
            session.add(row)
        return _turn(row)

    def progress(self, turn_id: str, text: str, backing: Backing | None = None) -> bool:
        """Keep what was shown so far and what stands behind it, in case the server goes away.

        False when the turn is not being answered any more: it was stopped or deleted.
        """
        kept = {"backing": storable(backing.model_dump_json())} if backing else {}
        return self._set(turn_id, TurnState.ANSWERING, text, **kept)

    def finish(self, turn_id: str, answer: Answer, since: int | None = None) -> bool:
        """Keep the whole answer; the turn is done. False as for ``progress``.

        Args:
            turn_id: which turn.
            answer: all of it.
            since: the position from which on the turns before this one are replaced by it.
        """
        told: dict[str, str | None] = {
            "answer": storable(answer.model_dump_json()),
            "backing": None,
        }
        with self._database.session() as session:
            done = _change(session, turn_id, TurnState.DONE, answer.text, **told)
            row = session.get(TurnRow, turn_id) if done and since is not None else None
            if row is not None:
                session.execute(
                    delete(TurnRow).where(
                        TurnRow.conversation_id == row.conversation_id,
                        TurnRow.position >= since,
                        TurnRow.position < row.position,
                    )
                )
        return done

    def stop(self, turn_id: str, text: str) -> None:
        """Keep what was shown of an answer that will have no end; done turns stay as they are."""
        self._set(turn_id, TurnState.UNFINISHED, text)

    def drop(self, owner: str, conversation_id: str, turn_ids: Collection[str]) -> None:
        """Delete turns of one of an owner's conversations."""
        with self._database.session() as session:
            if _own(session, owner, conversation_id, lock=True) is not None:
                session.execute(
                    delete(TurnRow).where(
                        TurnRow.conversation_id == conversation_id, TurnRow.id.in_(turn_ids)
                    )
                )

    def recover(self) -> int:
        """Mark as unfinished what no living process is answering; return how many."""
        with self._database.session() as session:
            rows = session.scalars(select(TurnRow).where(TurnRow.state == TurnState.ANSWERING))
            lost = [row for row in rows if _is_lost(row, self._worker)]
            for row in lost:
                row.state = TurnState.UNFINISHED
        return len(lost)

    def _set(self, turn_id: str, state: TurnState, text: str, **more: str | None) -> bool:
        with self._database.session() as session:
            return _change(session, turn_id, state, text, **more)

    def _found(self, *conditions: ColumnElement[bool], limit: int = 1) -> list[Conversation]:
        asked = (
            select(func.count(TurnRow.id))
            .where(TurnRow.conversation_id == ConversationRow.id)
            .scalar_subquery()
        )
        query = select(ConversationRow, asked).where(*conditions)
        query = query.order_by(ConversationRow.updated.desc(), ConversationRow.id).limit(limit)
        with self._database.reading() as session:
            return [_conversation(row, count) for row, count in session.execute(query)]


def _change(
    session: Session, turn_id: str, state: TurnState, text: str, **more: str | None
) -> bool:
    """Change a turn that is being answered; False when it was deleted or has ended."""
    done = session.execute(
        update(TurnRow)
        .where(TurnRow.id == turn_id, TurnRow.state == TurnState.ANSWERING)
        .values(state=state, text=storable(text), touched=datetime.now(UTC), **more)
    )
    return isinstance(done, CursorResult) and done.rowcount > 0


def _has(word: str) -> ColumnElement[bool]:
    """Return that a conversation has a word in its title, a question or an answer."""
    columns = (TurnRow.question, TurnRow.text)
    inside = or_(*(column.icontains(word, autoescape=True) for column in columns))
    return or_(
        ConversationRow.title.icontains(word, autoescape=True),
        ConversationRow.id.in_(select(TurnRow.conversation_id).where(inside)),
    )


def _own(
    session: Session, owner: str, conversation_id: str, *, lock: bool = False
) -> ConversationRow | None:
    query = select(ConversationRow).where(
        ConversationRow.id == conversation_id, ConversationRow.owner == owner
    )
    # Locked while a turn is added, so that two tabs cannot take the same place.
    return session.scalar(query.with_for_update() if lock else query)


def _is_lost(row: TurnRow, me: str) -> bool:
    if datetime.now(UTC) - (row.touched or row.asked) > LEASE:
        return True
    host, pid, _ = row.worker.rsplit(":", 2)
    if row.worker == me or host != socket.gethostname():
        return False
    return int(pid) == getpid() or not _lives(int(pid))


def _lives(pid: int) -> bool:
    """Whether a process of this machine runs; where that cannot be asked, it does not."""
    if sys.platform == "win32":
        return False
    try:
        kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def _short(text: str, limit: int = TITLE_CHARS) -> str:
    """Return a text on one line, cut to a limit."""
    line = " ".join(storable(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _conversation(row: ConversationRow, turns: int) -> Conversation:
    return Conversation(
        id=row.id, title=row.title, created=row.created, updated=row.updated, turns=turns
    )


def _turn(row: TurnRow) -> Turn:
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        position=row.position,
        question=row.question,
        state=TurnState(row.state),
        text=row.text,
        answer=Answer.model_validate_json(row.answer) if row.answer else None,
        asked=row.asked,
        could_leave=row.could_leave,
        backing=Backing.model_validate_json(row.backing) if row.backing else None,
    )
