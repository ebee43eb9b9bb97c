"""Who may log in: accounts with a role, their passwords hashed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import sqlalchemy as sa

from practice.errors import StoreError
from practice.i18n import gettext as _
from practice.records.attempt import Trainee
from practice.store import rows
from practice.store.database import Database, now
from practice.store.schema import accounts, trainees

LEAST_PASSWORD = 10
"""Characters of a password. NIST SP 800-63B asks for eight at the least."""


class Role(StrEnum):
    """What an account may do."""

    TRAINEE = "trainee"  # sees own attempts
    TRAINER = "trainer"  # sees and reviews all
    ADMIN = "admin"  # and manages accounts


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in. ``session_key`` changes when open sessions must end."""

    id: int
    name: str
    role: Role
    trainee: Trainee | None
    session_key: str


class Accounts:
    """Makes, finds and removes accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, password: str, role: Role, trainee: Trainee | None = None) -> None:
        """Make an account. Raises StoreError where the name is taken or the password short.

        An account with the role of a trainee is one trainee's.
        """
        if (role is Role.TRAINEE) != (trainee is not None):
            raise StoreError(
                _("A trainee account requires a trainee. Other accounts must not have one.")
            )
        hashed = _hashed(password)
        with self._database.writing() as db:
            added = db.execute(
                rows.insert_for(db)(accounts)
                .values(
                    name=name,
                    password=hashed,
                    role=role,
                    trainee_id=rows.trainee_id(db, trainee) if trainee else None,
                    session_key=secrets.token_hex(16),
                    created_at=now(),
                )
                .on_conflict_do_nothing()
                .returning(accounts.c.id)
            ).first()
            if added is None:
                raise StoreError(
                    _("The account “{name}” already exists. Choose another name.").format(name=name)
                )

    def set_password(self, name: str, password: str) -> None:
        """Change a password; whoever was logged in by the old one no longer is."""
        values = {"password": _hashed(password), "session_key": secrets.token_hex(16)}
        with self._database.writing() as db:
            query = accounts.update().where(accounts.c.name == name).values(**values)
            if db.execute(query).rowcount != 1:
                raise StoreError(_no_account(name))

    def remove(self, name: str) -> None:
        """Remove an account; its reviews stay."""
        with self._database.writing() as db:
            if db.execute(accounts.delete().where(accounts.c.name == name)).rowcount != 1:
                raise StoreError(_no_account(name))

    def all(self) -> list[Account]:
        """List the accounts by name."""
        return self._select(sa.true())

    def find(self, account_id: int, session_key: str) -> Account | None:
        """The account of a session that has not ended."""
        found = self._select(accounts.c.id == account_id)
        if found and secrets.compare_digest(found[0].session_key, session_key):
            return found[0]
        return None

    def check(self, name: str, password: str) -> Account | None:
        """The account of a name, if the password is its own."""
        from werkzeug.security import check_password_hash

        with self._database.reading() as db:
            hashed = db.execute(
                sa.select(accounts.c.password).where(accounts.c.name == name)
            ).scalar()
        # A name without an account takes as long as one with: nobody can probe for names.
        fits = check_password_hash(hashed or _nobodys_hash(), password)
        if hashed is None or not fits:
            return None
        found = self._select(accounts.c.name == name)
        return found[0] if found else None

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Account]:
        query = (
            sa.select(
                accounts.c.id,
                accounts.c.name,
                accounts.c.role,
                accounts.c.session_key,
                trainees.c.name.label("trainee"),
                trainees.c.group_name,
            )
            .outerjoin(trainees, trainees.c.id == accounts.c.trainee_id)
            .where(condition)
            .order_by(accounts.c.name)
        )
        with self._database.reading() as db:
            return [
                Account(
                    row["id"],
                    row["name"],
                    Role(row["role"]),
                    Trainee(row["trainee"], row["group_name"]) if row["trainee"] else None,
                    row["session_key"],
                )
                for row in db.execute(query).mappings()
            ]


def _hashed(password: str) -> str:
    from werkzeug.security import generate_password_hash

    if len(password) < LEAST_PASSWORD:
        raise StoreError(
            _("The password is too short. Use at least {n} characters.").format(n=LEAST_PASSWORD)
        )
    return generate_password_hash(password)


def _no_account(name: str) -> str:
    return _("There is no account “{name}”. `practice account list` lists the accounts.").format(
        name=name
    )


@cache
def _nobodys_hash() -> str:
    from werkzeug.security import generate_password_hash

    return generate_password_hash(secrets.token_hex(16))
