"""Add the session context of attempts, and distinguish reviews from an observer's notes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns.

    Earlier attempts have no session context: they were practice of single lines. Earlier reviews
    all count as reviews, not as notes of an observer.
    """
    op.add_column("attempts", sa.Column("setting", sa.Text))
    op.add_column(
        "standings", sa.Column("reviewed", sa.Boolean, nullable=False, server_default=sa.false())
    )
    standings = sa.table("standings", sa.column("reviewed"), sa.column("review_id"))
    judged = standings.c.review_id.is_not(None)
    op.execute(standings.update().where(judged).values(reviewed=sa.true()))
    op.drop_index("ix_standings_queue", "standings")
    op.create_index("ix_standings_queue", "standings", ["reviewed", "doubt", "created_at"])
