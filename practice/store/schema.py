"""The tables. A change here needs a migration beside it, and HEAD raised to its number.

An attempt is written once. Scores are appended: a later judgement never overwrites an
earlier one, and the newest is the one that counts.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0001"

metadata = MetaData()

trainees = Table(
    "trainees",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    UniqueConstraint("group_name", "name"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("session", String(36), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("trainee_id", Integer, ForeignKey("trainees.id"), nullable=False),
    Column("scenario", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("prompt_sha256", String(64), nullable=False),
    Column("line", Integer, nullable=False),
    Column("take", Integer, nullable=False),
    Column("spec", Text, nullable=False),  # the line as it was in force, JSON
    Column("audio", Text),  # relative to the recordings folder
    Column("source", String(16), nullable=False),
    Column("device", Text, nullable=False),
    Column("overflows", Integer, nullable=False),
    Index("ix_attempts_created_at", "created_at"),
    Index("ix_attempts_trainee", "trainee_id", "scenario", "line", "created_at"),
)

scores = Table(
    "scores",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # 1 is the first judgement
    Column("created_at", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(16)),
    Column("passed", Boolean),
    Column("total", Float),
    Column("model", Text),
    Column("scorer", Text, nullable=False),
    Column("assessment", Text, nullable=False),  # all of it, JSON
)
