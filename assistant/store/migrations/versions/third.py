"""Whether text could leave the machine while a turn was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add it; of what was asked before this step it is not known."""
    op.add_column("turns", sa.Column("could_leave", sa.Boolean))
