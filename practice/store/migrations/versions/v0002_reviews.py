"""Add reviews, search tables, accounts, bundles, and the IDs of removed attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of the trainer's desk.

    The store fills ``standings`` and ``element_results`` afterwards, since they are derived from
    other tables.
    """
    op.add_column("trainees", sa.Column("consent", sa.Text))
    op.add_column("trainees", sa.Column("consented_at", sa.String(32)))
    op.add_column("attempts", sa.Column("received_at", sa.String(32)))
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempts.id"), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("review", sa.Text, nullable=False),
    )
    op.create_index("ix_reviews_attempt", "reviews", ["attempt_id", "created_at"])
    op.create_table(
        "standings",
        sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("trainee_id", sa.Integer, sa.ForeignKey("trainees.id"), nullable=False),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.Column("unsent", sa.Boolean, nullable=False),
        sa.Column("score_number", sa.Integer, nullable=False),
        sa.Column("review_id", sa.String(36)),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("accuracy", sa.Float),
        sa.Column("doubt", sa.Float, nullable=False),
    )
    for name, columns in (
        ("queue", ["review_id", "doubt", "created_at"]),
        ("trainee", ["trainee_id", "created_at"]),
        ("scenario", ["scenario", "created_at"]),
        ("created_at", ["created_at"]),
        ("changed_at", ["changed_at"]),
        ("unsent", ["unsent"]),
    ):
        op.create_index(f"ix_standings_{name}", "standings", columns)
    op.create_table(
        "element_results",
        sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("trainee_id", sa.Integer, sa.ForeignKey("trainees.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("machine", sa.String(16), nullable=False),
        sa.Column("final", sa.String(16), nullable=False),
        sa.Column("reviewed", sa.Boolean, nullable=False),
    )
    op.create_index("ix_element_results_trainee", "element_results", ["trainee_id", "name"])
    op.create_index("ix_element_results_reviewed", "element_results", ["reviewed"])
    op.create_table(
        "audio",
        sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table("forgotten", sa.Column("attempt_id", sa.String(36), primary_key=True))
    op.create_table(
        "packs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("trainee_id", sa.Integer, sa.ForeignKey("trainees.id")),
        sa.Column("session_key", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
