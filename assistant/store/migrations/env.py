"""What Alembic runs: the steps, over the connection that ``database`` gives it."""

from __future__ import annotations

from alembic import context

from assistant.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
