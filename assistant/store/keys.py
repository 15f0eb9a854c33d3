"""Keys and logins: who may come in, and who they are.

Invariant: no secret is kept, only its SHA-256. That is enough, and slow hashing is not needed,
because every secret is made here out of 256 random bits, which nobody guesses.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from assistant.errors import SettingsError
from assistant.store.database import Database
from assistant.store.records import ApiKey, Person, Role
from assistant.store.tables import KeyRow, LoginRow

PREFIX = "fp_"
"""What every key begins with, so that scanners for leaked secrets know it."""
LOGIN = timedelta(days=30)
"""How long a browser stays logged in."""


class Keys:
    """API keys and logins. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def add(self, name: str, role: Role = Role.READER) -> str:
        """Make a key and return its secret, which is shown this once.

        Raises:
            SettingsError: the name is empty or taken.
        """
        name = name.strip()
        if not name or len(name) > 100:
            raise SettingsError("a key needs a name of 1 to 100 characters, such as: website")
        secret = PREFIX + secrets.token_urlsafe(32)
        row = KeyRow(
            id=uuid.uuid4().hex,
            name=name,
            hash=_hash(secret),
            role=role.value,
            created=datetime.now(UTC),
        )
        with self._database.session() as session:
            session.add(row)
            try:
                session.flush()
            except IntegrityError as exc:
                message = f"there is a key {name!r} already"
                raise SettingsError(f"{message}; run: firstpilot keys remove {name}") from exc
        return secret

    def all(self) -> list[ApiKey]:
        """Return the keys without their secrets, oldest first."""
        with self._database.reading() as session:
            return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created))]

    def remove(self, name: str) -> bool:
        """Take a key away, and log out who came in with it; False when there is none."""
        with self._database.session() as session:
            row = session.scalar(select(KeyRow).where(KeyRow.name == name))
            if row is not None:
                session.delete(row)
            return row is not None

    def who(self, secret: str) -> Person | None:
        """Return whose key a secret is, or None."""
        row = self._row(secret)
        return Person(owner=f"key:{row.id}", role=Role(row.role)) if row else None

    def log_in(self, person: Person, key_secret: str | None = None) -> str:
        """Return the secret of a new login of a person.

        Args:
            person: who it is.
            key_secret: the key they came with; the login ends when the key is removed.
        """
        row = self._row(key_secret) if key_secret else None
        secret = secrets.token_urlsafe(32)
        login = LoginRow(
            hash=_hash(secret),
            owner=person.owner,
            role=person.role.value,
            key_id=row.id if row else None,
            expires=datetime.now(UTC) + LOGIN,
        )
        with self._database.session() as session:
            session.add(login)
        return secret

    def logged_in(self, secret: str) -> Person | None:
        """Return who is logged in with a secret, or None when it is none or has run out."""
        query = select(LoginRow).where(
            LoginRow.hash == _hash(secret), LoginRow.expires > datetime.now(UTC)
        )
        with self._database.reading() as session:
            row = session.scalar(query)
        return Person(owner=row.owner, role=Role(row.role)) if row else None

    def log_out(self, secret: str) -> None:
        """End a login."""
        with self._database.session() as session:
            session.execute(delete(LoginRow).where(LoginRow.hash == _hash(secret)))

    def _row(self, secret: str) -> KeyRow | None:
        with self._database.reading() as session:
            return session.scalar(select(KeyRow).where(KeyRow.hash == _hash(secret)))


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _key(row: KeyRow) -> ApiKey:
    return ApiKey(id=row.id, name=row.name, role=Role(row.role), created=row.created)
