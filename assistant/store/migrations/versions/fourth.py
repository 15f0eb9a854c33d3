"""What stands behind the text of an answer that has no end yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add it; of what was broken off before this step nothing but its text is known."""
    op.add_column("turns", sa.Column("backing", sa.Text))
