"""What every page works with: the records, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from flask import abort, current_app
from flask_login import current_user

from practice.assessment.reference import ModelReadings
from practice.records.attempt import Attempt, Trainee
from practice.store import Filter, Store
from practice.store.accounts import Account, Accounts, Role
from practice.store.people import People
from practice.store.queue import Queue


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody at the desk. ``trainee`` is set for those who see their own attempts only."""

    name: str
    role: Role
    trainee: Trainee | None = None

    @property
    def may_review(self) -> bool:
        """Whether they judge takes, and see everybody's."""
        return self.role is not Role.TRAINEE

    @property
    def may_manage(self) -> bool:
        """Whether they manage accounts."""
        return self.role is Role.ADMIN

    def narrowed(self, only: Filter) -> Filter:
        """A filter that leaves nothing that they may not see."""
        if self.may_review:
            return only
        assert self.trainee is not None
        return replace(only, trainee=self.trainee.name, group=self.trainee.group)

    def may_see_trainee(self, trainee: Trainee) -> bool:
        """Whether a trainee's attempts are theirs to see and hear."""
        return self.may_review or trainee == self.trainee


@dataclass(frozen=True, slots=True)
class Desk:
    """The records that the pages show, and who reviews where nobody logs in.

    ``readings`` sets takes beside the model readings of their lines.
    """

    store: Store
    reviewer: str
    login: bool
    readings: ModelReadings

    @property
    def queue(self) -> Queue:
        """What is to be listened to."""
        return Queue(self.store.database)

    @property
    def people(self) -> People:
        """How the trainees are doing."""
        return People(self.store.database)

    @property
    def accounts(self) -> Accounts:
        """Who may log in."""
        return Accounts(self.store.database)


def desk() -> Desk:
    """The desk of the page that is being made."""
    return cast(Desk, current_app.extensions["practice"])


def viewer() -> Viewer:
    """Who is looking. Without a login, whoever can open the page is the trainer."""
    here = desk()
    if not here.login:
        return Viewer(here.reviewer, Role.TRAINER)
    account: Account = current_user.account
    return Viewer(account.name, account.role, account.trainee)


def attempt_or_404(attempt_id: object) -> Attempt:
    """An attempt that the viewer may see; what they may not is as if it were not there."""
    attempt = desk().store.find(str(attempt_id))
    if attempt is None or not viewer().may_see_trainee(attempt.take.trainee):
        abort(404)
    return attempt


def require_reviewer() -> None:
    """Refuse whoever may not judge takes."""
    if not viewer().may_review:
        abort(403)
