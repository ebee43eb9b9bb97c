"""Database tables. A change here needs a migration and a new ``HEAD``.

An attempt is written once. Scores and reviews are appended: a later one never overwrites an
earlier one, and the newest of each is in force. ``standings`` and ``element_results`` are derived
from them and rewritten in the same transaction; they make a store with many attempts fast to
search and count.
"""

from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from practice.records.attempt import Assessment, SessionContext
from practice.records.kinds import Kind
from practice.records.review import Review
from practice.records.scenario import Line
from practice.records.score import Result, Verdict

HEAD = "0003"

metadata = MetaData()


class Json(TypeDecorator[Any]):
    """A record, stored as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, record: type) -> None:
        super().__init__()
        self.record = record
        self._adapter: TypeAdapter[Any] = TypeAdapter(record)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Convert a record to JSON."""
        return None if value is None else self._adapter.dump_json(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """Convert JSON to a record; a ``ValidationError`` means that it is damaged."""
        return None if value is None else self._adapter.validate_json(value)


def _name_of(names: type[StrEnum]) -> Enum:
    """Return the type of a column that has the value of a member."""
    return Enum(names, native_enum=False, values_callable=lambda all_: [n.value for n in all_])


trainees = Table(
    "trainees",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("consent", Text),  # the text that the trainee agreed to
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
    Column("spec", Json(Line), nullable=False),  # the line as it was at that time
    Column("audio", Text),  # relative to the recordings folder
    Column("source", String(16), nullable=False),
    Column("device", Text, nullable=False),
    Column("overflows", Integer, nullable=False),
    Column("setting", Json(SessionContext)),
    Column("received_at", String(32)),  # time of the import, if imported
    Index("ix_attempts_created_at", "created_at"),
    Index("ix_attempts_trainee", "trainee_id", "scenario", "line", "created_at"),
)

scores = Table(
    "scores",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # counted from 1
    Column("created_at", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(16)),
    Column("passed", Boolean),
    Column("total", Float),
    Column("model", Text),
    Column("scorer", Text, nullable=False),
    Column("assessment", Json(Assessment), nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("attempt_id", String(36), ForeignKey("attempts.id"), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("review", Json(Review), nullable=False),
    Index("ix_reviews_attempt", "attempt_id", "created_at"),
)

standings = Table(
    "standings",
    metadata,
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("trainee_id", Integer, ForeignKey("trainees.id"), nullable=False),
    Column("scenario", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("changed_at", String(32), nullable=False),  # last change in this store
    Column("unsent", Boolean, nullable=False),  # no bundle has that change
    Column("score_number", Integer, nullable=False),
    Column("review_id", String(36)),  # the newest review
    # By a trainer; an observer's notes alone do not count.
    Column("reviewed", Boolean, nullable=False, server_default=false()),
    Column("result", _name_of(Result), nullable=False),
    Column("total", Float),
    Column("accuracy", Float),
    Column("doubt", Float, nullable=False),
    # For the queue and its filters, without access to the rows themselves.
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
    Column("kind", _name_of(Kind)),
    Column("required", Boolean, nullable=False),
    Column("machine", _name_of(Verdict), nullable=False),
    Column("final", _name_of(Verdict), nullable=False),
    Column("reviewed", Boolean, nullable=False),  # a trainer marked or confirmed ``final``
    Index("ix_element_results_trainee", "trainee_id", "name"),
    Index("ix_element_results_reviewed", "reviewed"),
)

audio = Table(
    "audio",
    metadata,
    # Filled in a shared database only: the trainer's machine cannot read the folder of the
    # machine that recorded the attempt.
    Column("attempt_id", String(36), ForeignKey("attempts.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

forgotten = Table(
    "forgotten",
    metadata,
    # IDs of removed attempts, so that no import brings them back.
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
    Column("session_key", String(64), nullable=False),  # changes to end open sessions
    Column("created_at", String(32), nullable=False),
)
