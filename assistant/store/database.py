"""The database: opened, brought up to date, and asked in short transactions.

Knows: SQLite and PostgreSQL, and what Alembic wants. Does not know what is kept. Invariants: a
database that is open has the newest tables; whatever goes wrong in it is a ``StorageError``;
several processes may open the same one at the same time; a file is its user's alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from assistant.errors import SettingsError, StorageError

FILE = "store.db"
_PATIENCE = 30
"""Seconds that a writer waits for another one."""
_MIGRATING = 4_617_318
"""The number of PostgreSQL's advisory lock under which one process at a time migrates."""
_PRIVATE = 0o600
_MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """An open database with the newest tables. Safe to share between threads."""

    def __init__(self, url: URL) -> None:
        """Open a database and bring its tables up to date.

        Args:
            url: ``sqlite:///path`` or ``postgresql+psycopg://…``.

        Raises:
            StorageError: it cannot be opened or brought up to date.
        """
        self.url = url
        try:
            self._engine = _engine(url)
            self._reader = self._engine.execution_options(reading=True)
        except (ImportError, NoSuchModuleError) as exc:
            raise SettingsError(
                f"no driver for {url.drivername!r} is installed ({exc}); "
                "run in the checkout: .venv/bin/python -m pip install -e '.[postgres]', "
                "or build the container with --build-arg EXTRAS=postgres"
            ) from exc
        try:
            with _translated(url), _alone(url):
                _keep_private(url)
                with self._engine.begin() as connection:
                    _migrate(connection)
        except StorageError:
            self.close()
            raise

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session that commits at the end, and rolls back when something is raised.

        Raises:
            StorageError: the database failed.
        """
        factory = sessionmaker(self._engine, expire_on_commit=False)
        with _translated(self.url), factory.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only reads, and waits for no writer.

        Raises:
            StorageError: the database failed.
        """
        factory = sessionmaker(self._reader, expire_on_commit=False)
        with _translated(self.url), factory.begin() as session:
            yield session

    def ping(self) -> None:
        """Ask for nothing.

        Raises:
            StorageError: the database does not answer.
        """
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def database_url(data_dir: Path, configured: str | None) -> URL:
    """Return where the store is: a file in the data folder unless an address is configured.

    Raises:
        SettingsError: the address is not one of SQLite or PostgreSQL.
    """
    if configured is None:
        return URL.create("sqlite", database=str(data_dir / FILE))
    try:
        url = make_url(configured)
    except ArgumentError as exc:
        raise _unusable() from exc
    match url.get_backend_name():
        case "sqlite" if url.database:
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case _:
            raise _unusable()


def _unusable() -> SettingsError:
    # The address may hold a password, so it is not shown.
    return SettingsError(
        "FIRSTPILOT_DATABASE_URL is not the address of a database; set it to "
        "postgresql://user:password@host/name or sqlite:////folder/file.db, or unset it"
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # Writers queue up when they begin; a reader that turns writer would fail at once instead.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _prepare(connection: Any, _record: object) -> None:
    """Make one SQLite connection fit for several readers and one writer."""
    # SQLAlchemy says BEGIN itself; the driver must not.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _alone(url: URL) -> Any:
    """Keep other processes from migrating the same file meanwhile."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    return FileLock(f"{url.database}.lock", timeout=_PATIENCE)


def _keep_private(url: URL) -> None:
    """Let nobody but the user of this process read the file, which holds what people asked.

    SQLite gives the files it makes beside it the same mode.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    os.close(os.open(file, os.O_CREAT | os.O_WRONLY, _PRIVATE))
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):  # gone meanwhile, or somebody else's
            each.chmod(_PRIVATE)


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATING})
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def storable(text: str) -> str:
    """Return a text that every database takes: PostgreSQL refuses NUL, both refuse half pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """Turn what the database raises into one line with a way on."""
    where = url.render_as_string(hide_password=True)
    try:
        yield
    except CommandError as exc:
        raise StorageError(
            f"the store {where} was made by a newer version ({exc}); run: pip install -U firstpilot"
        ) from exc
    except (SQLAlchemyError, OSError) as exc:
        reason = str(getattr(exc, "orig", None) or exc)
        raise StorageError(f"the store {where} failed ({reason}); run: firstpilot doctor") from exc
