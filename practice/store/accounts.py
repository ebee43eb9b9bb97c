"""Login accounts with roles and hashed passwords."""

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
"""Minimum length of a password in characters. NIST SP 800-63B requires at least eight."""


class Role(StrEnum):
    """Permissions of an account."""

    TRAINEE = "trainee"  # sees only their own attempts
    TRAINER = "trainer"  # sees and reviews all attempts
    ADMIN = "admin"  # also manages accounts


@dataclass(frozen=True, slots=True)
class Account:
    """A login account.

    Attributes:
        trainee: Set for the trainee role only.
        session_key: Changes to end the open sessions of the account.
    """

    id: int
    name: str
    role: Role
    trainee: Trainee | None
    session_key: str


class Accounts:
    """The login accounts in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, password: str, role: Role, trainee: Trainee | None = None) -> None:
        """Create an account.

        Args:
            name: Unique user name.
            password: Stored as a salted hash only.
            role: Permissions of the account.
            trainee: The person who uses the account. Required for a trainee's account, not allowed
                for others.

        Raises:
            StoreError: The name exists, the password is too short, or the trainee does not fit
                the role.
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
        """Change a password and end the open sessions of the account.

        Raises:
            StoreError: The account does not exist, or the password is too short.
        """
        values = {"password": _hashed(password), "session_key": secrets.token_hex(16)}
        self._change(name, accounts.update().values(**values))

    def remove(self, name: str) -> None:
        """Remove an account but keep its reviews.

        Raises:
            StoreError: The account does not exist.
        """
        self._change(name, accounts.delete())

    def all(self) -> list[Account]:
        """Return all accounts, sorted by name."""
        return self._select(sa.true())

    def find(self, account_id: int, session_key: str) -> Account | None:
        """Return the account of a session, or None if the session has ended.

        Args:
            account_id: ID of the account.
            session_key: Key stored in the session; must match the account's current key.
        """
        found = self._select(accounts.c.id == account_id)
        if found and secrets.compare_digest(found[0].session_key, session_key):
            return found[0]
        return None

    def check(self, name: str, password: str) -> Account | None:
        """Return the account if name and password match, otherwise None."""
        from werkzeug.security import check_password_hash

        query = sa.select(accounts.c.password).where(accounts.c.name == name)
        hashed = self._database.value(query)
        # Unknown names take as long as known ones, so that names cannot be probed for.
        fits = check_password_hash(hashed or _nobodys_hash(), password)
        found = self._select(accounts.c.name == name) if hashed and fits else []
        return found[0] if found else None

    def _change(self, name: str, statement: sa.Update | sa.Delete) -> None:
        with self._database.writing() as db:
            if db.execute(statement.where(accounts.c.name == name)).rowcount != 1:
                raise StoreError(
                    _(
                        "There is no account “{name}”. `practice account list` lists the accounts."
                    ).format(name=name)
                )

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Account]:
        query = (
            sa.select(accounts, trainees.c.name.label("trainee"), trainees.c.group_name)
            .select_from(accounts.outerjoin(trainees))
            .where(condition)
            .order_by(accounts.c.name)
        )
        return [
            Account(
                row.id,
                row.name,
                Role(row.role),
                Trainee(row.trainee, row.group_name) if row.trainee else None,
                row.session_key,
            )
            for row in self._database.rows(query)
        ]


def _hashed(password: str) -> str:
    from werkzeug.security import generate_password_hash

    if len(password) < LEAST_PASSWORD:
        raise StoreError(
            _("The password is too short. Use at least {n} characters.").format(n=LEAST_PASSWORD)
        )
    return generate_password_hash(password)


@cache
def _nobodys_hash() -> str:
    from werkzeug.security import generate_password_hash

    return generate_password_hash(secrets.token_hex(16))
