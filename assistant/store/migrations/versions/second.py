"""When the answer of a turn last grew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add it; what was asked before this step is judged by when it was asked."""
    op.add_column("turns", sa.Column("touched", sa.DateTime(timezone=True)))
    op.execute("UPDATE turns SET touched = asked")
