"""The database: SQLite in the recordings folder, or PostgreSQL for several machines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from practice.errors import StoreError
from practice.i18n import gettext as _
from practice.store.schema import HEAD

FILE = "practice.db"
BUSY_TIMEOUT_S = 30
"""Seconds to wait while another run writes."""

CONNECT_TIMEOUT_S = 10
"""Seconds to wait for a server before it counts as unreachable."""

# Key of the advisory lock for migrations: arbitrary, but the same in all versions.
_MIGRATION_LOCK = 5_310_174


def now() -> str:
    """Return the current time, ISO 8601 in UTC to the millisecond; such strings sort by time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """Transactions on the records; each failure is reported as a one-line ``StoreError``."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """Connect, and create or migrate the tables.

        Args:
            folder: The recordings folder, which contains the SQLite file.
            url: SQLAlchemy URL of a PostgreSQL database, ``postgresql+psycopg://…``; None for
                SQLite.

        Raises:
            StoreError: The URL is invalid, the database cannot be used, or a newer version of
                practice wrote it.
        """
        self.is_shared = url is not None
        self.place = self._place(folder, url)
        self._engine = self._connect(url)
        self._writer = self._engine.execution_options(practice_writes=True)
        self.was_migrated_from: str | None = None
        with self.translate_errors():
            self._migrate()

    def _place(self, folder: Path, url: str | None) -> str:
        if url is None:
            return str(folder / FILE)
        try:
            parts = sa.make_url(url)
        except (ArgumentError, ValueError):
            raise _invalid_address() from None
        if "@" in (parts.host or ""):  # part of a password whose "@" is not written as %40
            raise _invalid_address()
        # Leave out the password and the query, which may also contain one.
        bare = sa.URL.create(
            parts.drivername, parts.username, None, parts.host, parts.port, parts.database
        )
        return bare.render_as_string()

    def _connect(self, url: str | None) -> sa.Engine:
        if url is None:
            engine = sa.create_engine(
                sa.URL.create("sqlite", database=self.place),
                connect_args={"timeout": BUSY_TIMEOUT_S},
            )
            sa.event.listen(engine, "connect", _on_connect)
            sa.event.listen(engine, "begin", _on_begin)
            return engine
        if sa.make_url(url).drivername != "postgresql+psycopg":
            raise _invalid_address()
        try:
            return sa.create_engine(
                url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}
            )
        except (ImportError, NoSuchModuleError):
            raise StoreError(
                _(
                    "PostgreSQL needs the package psycopg. In the checkout, run: "
                    "pip install -c constraints.txt -e '.[postgres]'"
                )
            ) from None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction for reading.

        SQLite gives all its queries the same snapshot. PostgreSQL does so for each query only, at
        its default isolation level (read committed).
        """
        with self.translate_errors(), self._engine.begin() as db:
            yield db

    def rows(self, query: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """Return the rows of a query, read in a transaction of its own."""
        with self.reading() as db:
            return db.execute(query).all()

    def column(self, query: sa.Select[Any]) -> list[Any]:
        """Return the values of a query with one column, likewise."""
        with self.reading() as db:
            return list(db.scalars(query))

    def value(self, query: sa.Select[Any]) -> Any | None:
        """Return the first value of a query with one column, or None, likewise."""
        with self.reading() as db:
            return db.scalar(query)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction for writing, which is committed as a whole or not at all."""
        with self.translate_errors(), self._writer.begin() as db:
            yield db

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Convert errors of the database and unreadable records to ``StoreError``."""
        try:
            yield
        except ValidationError:
            raise StoreError(self._damaged(_("a record cannot be read"))) from None
        except DBAPIError as error:
            why = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else ""
            if self.is_shared:
                raise StoreError(
                    _(
                        "The database {place} cannot be used: {why}. Check its address, "
                        "the network and the write permission."
                    ).format(place=self.place, why=why)
                ) from None
            if not isinstance(error, OperationalError):
                raise StoreError(self._damaged(why)) from None
            raise StoreError(
                _(
                    "The records in {folder} cannot be used: {why}. Check the free space "
                    "and the write permission, or choose another folder with --recordings."
                ).format(folder=Path(self.place).parent, why=why)
            ) from None

    def _damaged(self, why: str) -> str:
        if self.is_shared:
            return _("The records in {place} are damaged ({why}). Restore a backup.").format(
                place=self.place, why=why
            )
        return _(
            "The records {path} are damaged ({why}). Rename that file and restore a "
            "backup; the recordings themselves are not affected."
        ).format(path=self.place, why=why)

    def _migrate(self) -> None:
        with self._engine.begin() as db:
            version = _version(db)
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise StoreError(
                _(
                    "The records in {place} were written by a newer version of practice. "
                    "Update practice to read them."
                ).format(place=self.place)
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        location = str(Path(__file__).parent / "migrations")
        config.set_main_option("script_location", location.replace("%", "%%"))
        # One migration at a time: a second run waits here and then has nothing left to do.
        with self._writer.begin() as db:
            if self.is_shared:
                db.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            self.was_migrated_from = _version(db)
            config.attributes["connection"] = db
            command.upgrade(config, HEAD)

    def compact(self) -> None:
        """Rewrite a SQLite file without the space that removed rows left.

        ``secure_delete`` overwrites removed rows, but leaves copies of rows that were moved between
        pages earlier. A PostgreSQL server maintains its own files.
        """
        if self.is_shared:
            return
        with self.translate_errors():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("VACUUM")
            except sqlite3.Error as error:
                raise DBAPIError.instance("VACUUM", None, error, sqlite3.Error) from None
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _invalid_address() -> StoreError:
    return StoreError(
        _("--database is not a valid address. Write it like postgresql+psycopg://user@host/name.")
    )


def _on_connect(connection: Any, _record: object) -> None:
    # The driver itself begins transactions too late; see SQLAlchemy's page on SQLite,
    # "Serializable isolation / Savepoints / Transactional DDL".
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # Overwrite removed rows: records of recordings are personal data.
    connection.execute("PRAGMA secure_delete=ON")


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("practice_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(db: sa.Connection) -> str | None:
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    return db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def beginning(day: date) -> str:
    """Return the start of a local day, ISO 8601 in UTC."""
    # Midnight does not exist on days when clocks go forward at midnight; astimezone() would
    # be an hour off there.
    midnight = datetime(day.year, day.month, day.day).timestamp()
    return datetime.fromtimestamp(midnight, UTC).isoformat(timespec="milliseconds")


def day_of(moment: str) -> date:
    """Return the local day of a stored timestamp."""
    return datetime.fromisoformat(moment).astimezone().date()


def end(day: date) -> str:
    """Return the end of a local day, ISO 8601 in UTC: the start of the next day."""
    return beginning(day + timedelta(days=1))
