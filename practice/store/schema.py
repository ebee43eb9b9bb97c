"""The tables. A change here needs a migration beside it, and HEAD raised to its number.

An attempt is written once. Scores and reviews are appended: a later judgment never
overwrites an earlier one, and the newest of each is the one that counts. ``standings``
and ``element_results`` are read off them, and written anew in the same transaction; they
exist so that a store with many attempts can be searched and counted.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

HEAD = "0003"

metadata = MetaData()

trainees = Table(
    "trainees",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("consent", Text),  # the words that were agreed to
    Column("consented_at", String(32)),
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
    Column("setting", Text),  # the whole that the take is a part of, JSON
    Column("received_at", String(32)),  # when it came with a pack from another store
    Index("ix_attempts_created_at", "created_at"),
    Index("ix_attempts_trainee", "trainee_id", "scenario", "line", "created_at"),
)

scores = Table(
    "scores",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # 1 is the first judgment
    Column("created_at", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(16)),
    Column("passed", Boolean),
    Column("total", Float),
    Column("model", Text),
    Column("scorer", Text, nullable=False),
    Column("assessment", Text, nullable=False),  # all of it, JSON
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("attempt_id", String(36), ForeignKey("attempts.id"), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("review", Text, nullable=False),  # all of it, JSON
    Index("ix_reviews_attempt", "attempt_id", "created_at"),
)

standings = Table(
    "standings",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("trainee_id", Integer, ForeignKey("trainees.id"), nullable=False),
    Column("scenario", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("changed_at", String(32), nullable=False),  # when something came to it here
    Column("unsent", Boolean, nullable=False),  # and whether no pack has taken that along
    Column("score_number", Integer, nullable=False),
    Column("review_id", String(36)),  # the newest review
    # Whether a trainer judged it; who only watched did not.
    Column("reviewed", Boolean, nullable=False, server_default=false()),
    Column("result", String(16), nullable=False),  # passed, failed, open, unscored
    Column("total", Float),
    Column("accuracy", Float),
    Column("doubt", Float, nullable=False),
    # The queue and its filters, without touching the rows themselves.
    Index("ix_standings_queue", "reviewed", "doubt", "created_at"),
    Index("ix_standings_trainee", "trainee_id", "created_at"),
    Index("ix_standings_scenario", "scenario", "created_at"),
    Index("ix_standings_created_at", "created_at"),
    Index("ix_standings_changed_at", "changed_at"),
    Index("ix_standings_unsent", "unsent"),
)

element_results = Table(
    "element_results",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("trainee_id", Integer, ForeignKey("trainees.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text),
    Column("required", Boolean, nullable=False),
    Column("machine", String(16), nullable=False),
    Column("final", String(16), nullable=False),
    Column("reviewed", Boolean, nullable=False),  # a trainer marked or confirmed ``final``
    Index("ix_element_results_trainee", "trainee_id", "name"),
    Index("ix_element_results_reviewed", "reviewed"),
)

audio = Table(
    "audio",
    metadata,
    # A database that several machines share holds the recordings too: the trainer's
    # machine doesn't see the hall's folder.
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

forgotten = Table(
    "forgotten",
    metadata,
    # Attempts that were removed, by their id alone, so that no pack brings them back.
    Column("attempt_id", String(36), primary_key=True),
)

packs = Table(
    "packs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created_at", String(32), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),  # a salted hash
    Column("role", String(16), nullable=False),
    Column("trainee_id", Integer, ForeignKey("trainees.id")),
    Column("session_key", String(64), nullable=False),  # changes when sessions must end
    Column("created_at", String(32), nullable=False),
)
