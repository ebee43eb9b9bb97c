"""The records and the viewer, which all pages need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from flask import abort, current_app
from flask_login import current_user

from practice.assessment.reference import ReferenceRecordings
from practice.records.attempt import Attempt, Trainee
from practice.store import Filter, Store
from practice.store.accounts import Account, Accounts, Role
from practice.store.people import People
from practice.store.reviews import Queue


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user of the desk; ``trainee`` is set if they may see their own attempts only."""

    name: str
    role: Role
    trainee: Trainee | None = None

    @property
    def may_review(self) -> bool:
        """Return whether they may review attempts and see those of all trainees."""
        return self.role is not Role.TRAINEE

    @property
    def may_manage(self) -> bool:
        """Return whether they may manage accounts."""
        return self.role is Role.ADMIN

    def narrowed(self, only: Filter) -> Filter:
        """Restrict a filter to the attempts that they may see."""
        if self.may_review:
            return only
        assert self.trainee is not None
        return replace(only, trainee=self.trainee.name, group=self.trainee.group)

    def may_see_trainee(self, trainee: Trainee) -> bool:
        """Return whether they may see and hear a trainee's attempts."""
        return self.may_review or trainee == self.trainee


@dataclass(frozen=True, slots=True)
class Desk:
    """The records that the pages show.

    Attributes:
        reviewer: Name of the reviewer if no login is required.
        login: A login is required.
        references: Compares attempts with reference recordings.
    """

    store: Store
    reviewer: str
    login: bool
    references: ReferenceRecordings

    @property
    def queue(self) -> Queue:
        """The review queue."""
        return Queue(self.store.database)

    @property
    def people(self) -> People:
        """Statistics about the trainees."""
        return People(self.store.database)

    @property
    def accounts(self) -> Accounts:
        """The login accounts."""
        return Accounts(self.store.database)


def desk() -> Desk:
    """Return the desk of the current app."""
    return cast(Desk, current_app.extensions["practice"])


def viewer() -> Viewer:
    """Return the current user. Without a login, everyone who can open a page is the trainer."""
    here = desk()
    if not here.login:
        return Viewer(here.reviewer, Role.TRAINER)
    account: Account = current_user.account
    return Viewer(account.name, account.role, account.trainee)


def attempt_or_404(attempt_id: object) -> Attempt:
    """Return an attempt that the viewer may see.

    Attempts that they may not see give the same 404 as missing ones.
    """
    attempt = desk().store.find(str(attempt_id))
    if attempt is None or not viewer().may_see_trainee(attempt.take.trainee):
        abort(404)
    return attempt


def trainee_or_404(trainee_id: int) -> Trainee:
    """Return a trainee that the viewer may see; 404 as for ``attempt_or_404``."""
    person = desk().people.person(trainee_id)
    trainee = Trainee(person.name, person.group) if person else None
    if trainee is None or not viewer().may_see_trainee(trainee):
        abort(404)
    return trainee


def require_reviewer() -> None:
    """Abort with 403 unless the viewer may review attempts."""
    if not viewer().may_review:
        abort(403)
