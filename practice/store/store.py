"""Reading and writing attempts: the only module that speaks to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError

from practice.core.models import Assessment, Attempt, Line, Take, Trainee
from practice.errors import StoreError
from practice.i18n import gettext as _
from practice.store.schema import HEAD, attempts, scores, trainees

DATABASE = "practice.db"
BUSY_TIMEOUT_S = 30
"""How long to wait while another run writes."""

_LINE = TypeAdapter(Line)
_ASSESSMENT = TypeAdapter(Assessment)


def now() -> str:
    """The present moment, ISO 8601 in UTC to the millisecond; such texts sort by time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which attempts are meant; what is None does not narrow."""

    trainee: str | None = None
    group: str | None = None
    scenario: str | None = None
    line: int | None = None


class Store:
    """The attempts under one recordings folder."""

    def __init__(self, folder: Path) -> None:
        """Open the folder's database, making or migrating it. Raises StoreError."""
        self.folder = folder
        if folder.exists() and not folder.is_dir():
            raise StoreError(
                _("{folder} is a file. Choose a folder with --recordings.").format(folder=folder)
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                _(
                    "The folder {folder} cannot be made: {why}. Choose another with --recordings."
                ).format(folder=folder, why=error.strerror)
            ) from None
        url = sa.URL.create("sqlite", database=str(folder / DATABASE))
        self._reader = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
        sa.event.listen(self._reader, "connect", _on_connect)
        sa.event.listen(self._reader, "begin", _on_begin)
        self._writer = self._reader.execution_options(practice_writes=True)
        with self._told():
            self._migrate()

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether a folder has records; asking makes none."""
        return (folder / DATABASE).is_file()

    def add(self, take: Take, assessment: Assessment) -> None:
        """Store an attempt with its first score, wholly or not at all."""
        with self._told(), self._writer.begin() as db:
            db.execute(
                attempts.insert().values(
                    id=take.id,
                    session=take.session,
                    created_at=take.created_at,
                    trainee_id=_trainee_id(db, take.trainee),
                    scenario=take.scenario,
                    title=take.title,
                    prompt_sha256=take.prompt_sha256,
                    line=take.line,
                    take=take.take,
                    spec=_LINE.dump_json(take.spec).decode(),
                    audio=take.audio,
                    source=take.source,
                    device=take.device,
                    overflows=take.overflows,
                )
            )
            _insert_score(db, take.id, 1, assessment)

    def add_score(self, attempt_id: str, assessment: Assessment) -> None:
        """Append a later judgement to an attempt; the earlier ones stay."""
        with self._told(), self._writer.begin() as db:
            last = db.execute(
                sa.select(sa.func.max(scores.c.number)).where(scores.c.attempt_id == attempt_id)
            ).scalar_one()
            _insert_score(db, attempt_id, last + 1, assessment)

    def has(self, attempt_id: str) -> bool:
        """Whether an attempt is stored."""
        query = sa.select(attempts.c.id).where(attempts.c.id == attempt_id)
        with self._told(), self._reader.begin() as db:
            return db.execute(query).first() is not None

    def get(self, prefix: str) -> Attempt:
        """Find an attempt by its id or the beginning of it.

        Raises StoreError where none or several begin so.
        """
        rows = self._select(
            sa.func.substr(attempts.c.id, 1, len(prefix)) == prefix.lower(), limit=2
        )
        if len(rows) != 1:
            message = (
                _("No attempt begins with “{prefix}”. `practice history` shows them.")
                if not rows
                else _("Several attempts begin with “{prefix}”. Give more of the id.")
            )
            raise StoreError(message.format(prefix=prefix))
        return rows[0]

    def latest(self, only: Filter, limit: int | None = None) -> list[Attempt]:
        """List attempts, the newest first."""
        return self._select(*_conditions(only), limit=limit)

    def scores_of(self, attempt_id: str) -> list[Assessment]:
        """List all judgements of an attempt, the first one first."""
        query = (
            sa.select(scores.c.assessment)
            .where(scores.c.attempt_id == attempt_id)
            .order_by(scores.c.number)
        )
        with self._told(), self._reader.begin() as db:
            return [_ASSESSMENT.validate_json(text) for text in db.execute(query).scalars()]

    def previous(self, take: Take) -> Attempt | None:
        """The last scored attempt of the same trainee at the same line before this one."""
        rows = self._select(
            *_conditions(Filter(take.trainee.name, take.trainee.group, take.scenario, take.line)),
            attempts.c.created_at < take.created_at,
            scores.c.status == "scored",
            limit=1,
        )
        return rows[0] if rows else None

    def _select(self, *conditions: sa.ColumnElement[bool], limit: int | None) -> list[Attempt]:
        every = scores.alias()
        newest = (
            sa.select(sa.func.max(every.c.number))
            .where(every.c.attempt_id == attempts.c.id)
            .correlate(attempts)
            .scalar_subquery()
        )
        query = (
            sa.select(attempts, trainees.c.name, trainees.c.group_name, scores.c.assessment)
            .join(trainees, trainees.c.id == attempts.c.trainee_id)
            .join(
                scores,
                sa.and_(scores.c.attempt_id == attempts.c.id, scores.c.number == newest),
            )
            .where(*conditions)
            .order_by(attempts.c.created_at.desc(), attempts.c.id)
            .limit(limit)
        )
        with self._told(), self._reader.begin() as db:
            return [_attempt(row) for row in db.execute(query).mappings()]

    def _migrate(self) -> None:
        with self._reader.begin() as db:
            version = _version(db)
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise StoreError(
                _(
                    "The records in {folder} were written by a newer version of practice. "
                    "Update practice to read them."
                ).format(folder=self.folder)
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        location = str(Path(__file__).parent / "migrations")
        config.set_main_option("script_location", location.replace("%", "%%"))
        # One writer at a time: a second run that starts now waits, then finds it done.
        with self._writer.begin() as db:
            config.attributes["connection"] = db
            command.upgrade(config, HEAD)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ValidationError:
            raise StoreError(
                _(
                    "A record in {path} is damaged. Rename that file and bring a copy back; the "
                    "recordings themselves are not touched."
                ).format(path=self.folder / DATABASE)
            ) from None
        except DBAPIError as error:
            if not isinstance(error, OperationalError):
                raise StoreError(
                    _(
                        "The records {path} are damaged ({why}). Rename that file and bring a "
                        "copy back; the recordings themselves are not touched."
                    ).format(path=self.folder / DATABASE, why=error.orig)
                ) from None
            raise StoreError(
                _(
                    "The records in {folder} cannot be used: {why}. Check the free space and the "
                    "right to write there, or choose another folder with --recordings."
                ).format(folder=self.folder, why=error.orig)
            ) from None


def _on_connect(connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late; see SQLAlchemy's SQLite page,
    # "Serializable isolation / Savepoints / Transactional DDL".
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("practice_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(db: sa.Connection) -> str | None:
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    return db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _trainee_id(db: sa.Connection, trainee: Trainee) -> int:
    query = sa.select(trainees.c.id).where(
        trainees.c.name == trainee.name, trainees.c.group_name == trainee.group
    )
    found = db.execute(query).scalar()
    if found is None:
        found = db.execute(
            trainees.insert()
            .values(name=trainee.name, group_name=trainee.group)
            .returning(trainees.c.id)
        ).scalar_one()
    return int(found)


def _insert_score(db: sa.Connection, attempt_id: str, number: int, assessment: Assessment) -> None:
    score = assessment.score
    db.execute(
        scores.insert().values(
            attempt_id=attempt_id,
            number=number,
            created_at=now(),
            status=score.status,
            reason=score.reason,
            passed=score.passed,
            total=score.total,
            model=assessment.model.name if assessment.model else None,
            scorer=assessment.scorer,
            assessment=_ASSESSMENT.dump_json(assessment).decode(),
        )
    )


def _conditions(only: Filter) -> list[sa.ColumnElement[bool]]:
    columns = (
        (trainees.c.name, only.trainee),
        (trainees.c.group_name, only.group),
        (attempts.c.scenario, only.scenario),
        (attempts.c.line, only.line),
    )
    return [column == value for column, value in columns if value is not None]


def _attempt(row: sa.RowMapping) -> Attempt:
    take = Take(
        id=row["id"],
        session=row["session"],
        created_at=row["created_at"],
        trainee=Trainee(row["name"], row["group_name"]),
        scenario=row["scenario"],
        title=row["title"],
        prompt_sha256=row["prompt_sha256"],
        line=row["line"],
        take=row["take"],
        spec=_LINE.validate_json(row["spec"]),
        audio=row["audio"],
        source=row["source"],
        device=row["device"],
        overflows=row["overflows"],
    )
    return Attempt(take, _ASSESSMENT.validate_json(row["assessment"]))
