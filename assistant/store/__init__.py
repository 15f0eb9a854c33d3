"""The store: conversations, feedback, usage, keys and logins, in SQLite or PostgreSQL.

Knows: how they are kept. Does not know pages or doors. Invariant: everything in it belongs to an
owner, an opaque name such as ``browser:…`` or ``key:…``, and no call crosses owners.
"""

from __future__ import annotations

from assistant.settings import Settings
from assistant.store.conversations import Conversations
from assistant.store.database import Database, database_url
from assistant.store.keys import Keys
from assistant.store.opinions import Opinions, Usage
from assistant.store.people import People
from assistant.store.records import (
    ApiKey,
    Backing,
    Conversation,
    Feedback,
    Person,
    Role,
    Turn,
    TurnState,
    Use,
)

__all__ = [
    "ApiKey",
    "Backing",
    "Conversation",
    "Conversations",
    "Feedback",
    "Keys",
    "Opinions",
    "People",
    "Person",
    "Role",
    "Store",
    "Turn",
    "TurnState",
    "Usage",
    "Use",
    "open_store",
]


class Store:
    """Everything that is kept. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self.database = database
        self.conversations = Conversations(database)
        self.opinions = Opinions(database)
        self.usage = Usage(database)
        self.keys = Keys(database)
        self.people = People(database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def open_store(settings: Settings) -> Store:
    """Open the configured store, bring its tables up to date, and let go what is too old.

    Raises:
        AssistantError: it cannot be opened.
    """
    if settings.database_url is None:
        settings.ensure_data_dir()
        configured = None
    else:
        configured = settings.database_url.get_secret_value()
    store = Store(Database(database_url(settings.data_dir, configured)))
    if settings.retention_days is not None:
        store.people.let_go(settings.retention_days)
    return store
