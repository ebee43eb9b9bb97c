"""The database under the records: SQLite beside the recordings, or PostgreSQL for many machines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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
"""How long to wait while another run writes."""

CONNECT_TIMEOUT_S = 10
"""How long to wait for a server before saying that it is not there."""

# Any number will do, as long as it is always the same: it stands for "migrating practice".
_MIGRATION_LOCK = 5_310_174


def now() -> str:
    """The present moment, ISO 8601 in UTC to the millisecond; such texts sort by time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """Transactions on the records, with every failure told in one line."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """Connect, and make or migrate the tables.

        ``url`` is SQLAlchemy's, ``postgresql+psycopg://…``; without one the records are a
        SQLite file in ``folder``. Raises StoreError.
        """
        self.is_shared = url is not None
        self.place = self._place(folder, url)
        self._engine = self._connect(url)
        self._writer = self._engine.execution_options(practice_writes=True)
        self.was_migrated_from: str | None = None
        with self.told():
            self._migrate()

    def _place(self, folder: Path, url: str | None) -> str:
        if url is None:
            return str(folder / FILE)
        try:
            parts = sa.make_url(url)
        except (ArgumentError, ValueError):
            raise _no_address() from None
        if "@" in (parts.host or ""):  # the rest of a password that was not written as %40
            raise _no_address()
        # Neither the password nor the query, which may have one too.
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
            raise _no_address()
        try:
            return sa.create_engine(
                url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}
            )
        except (ImportError, NoSuchModuleError):
            raise StoreError(
                _("PostgreSQL needs the package psycopg: pip install 'practice[postgres]'")
            ) from None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: what it sees belongs together."""
        with self.told(), self._engine.begin() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes, wholly or not at all."""
        with self.told(), self._writer.begin() as db:
            yield db

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn the database's failures into StoreError."""
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
        # One writer at a time: a second run that starts now waits, then finds it done.
        with self._writer.begin() as db:
            if self.is_shared:
                db.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            self.was_migrated_from = _version(db)
            config.attributes["connection"] = db
            command.upgrade(config, HEAD)

    def compact(self) -> None:
        """Write a SQLite file anew without the space that removed rows left in it.

        ``secure_delete`` overwrites the rows themselves; of those that were moved between
        pages earlier it leaves copies in between. A server looks after its own files.
        """
        if self.is_shared:
            return
        with self.told():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("VACUUM")
            except sqlite3.Error as error:
                raise DBAPIError.instance("VACUUM", None, error, sqlite3.Error) from None
            finally:
                connection.close()

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def _no_address() -> StoreError:
    return StoreError(
        _("--database is not a valid address. Write it like postgresql+psycopg://user@host/name.")
    )


def _on_connect(connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late; see SQLAlchemy's SQLite page,
    # "Serializable isolation / Savepoints / Transactional DDL".
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # What is removed is overwritten: recordings' records are personal data.
    connection.execute("PRAGMA secure_delete=ON")


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("practice_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(db: sa.Connection) -> str | None:
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    return db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
