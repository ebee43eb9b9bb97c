"""Add trainees, attempts, and their append-only scores."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "trainees",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("group_name", sa.Text, nullable=False),
        sa.UniqueConstraint("group_name", "name"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("session", sa.String(36), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("trainee_id", sa.Integer, sa.ForeignKey("trainees.id"), nullable=False),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("prompt_sha256", sa.String(64), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("take", sa.Integer, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("audio", sa.Text),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("overflows", sa.Integer, nullable=False),
    )
    op.create_index("ix_attempts_created_at", "attempts", ["created_at"])
    op.create_index(
        "ix_attempts_trainee", "attempts", ["trainee_id", "scenario", "line", "created_at"]
    )
    op.create_table(
        "scores",
        sa.Column("attempt_id", sa.String(36), sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("passed", sa.Boolean),
        sa.Column("total", sa.Float),
        sa.Column("model", sa.Text),
        sa.Column("scorer", sa.Text, nullable=False),
        sa.Column("assessment", sa.Text, nullable=False),
    )
