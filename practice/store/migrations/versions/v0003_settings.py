"""What a take was a part of: a conversation, a drill, an exam, a class."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; takes from before were practised for their own sake."""
    op.add_column("attempts", sa.Column("setting", sa.Text))
