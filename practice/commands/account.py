"""``practice account``: manage the accounts that may log in to the review page."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from practice.commands import context, options
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import Trainee
    from practice.store import Store
    from practice.store.accounts import Accounts


@click.group()
def account() -> None:
    """Group the account commands."""


@account.command(
    help=_("Add an account; the password is prompted for, or read from standard input.")
)
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["trainee", "trainer", "admin"]),
    required=True,
    help=_("trainee: sees own attempts; trainer: reviews; admin: also manages accounts."),
)
@click.option("--trainee", help=_("Trainee whose attempts a trainee account can see."))
@options.group
@options.records
def add(
    name: str, role: str, trainee: str | None, group: str | None, records: options.Records
) -> None:
    """Add an account."""
    from practice.store.accounts import Accounts, Role

    name = context.require_name(name)
    store = context.open_store(records)
    whose = _whose(store, trainee, group) if trainee is not None else None
    Accounts(store.database).add(name, _password(), Role(role), whose)
    click.echo(_("Added: {name}").format(name=name))


@account.command(help=_("Change a password and end the account's open sessions."))
@click.argument("name")
@options.records
def password(name: str, records: options.Records) -> None:
    """Change a password."""
    _accounts(records).set_password(name, _password())
    click.echo(_("The password of {name} was changed.").format(name=name))


@account.command(help=_("Remove an account; its reviews are kept."))
@click.argument("name")
@options.records
def remove(name: str, records: options.Records) -> None:
    """Remove an account."""
    _accounts(records).remove(name)
    click.echo(_("Removed: {name}").format(name=name))


@account.command("list", help=_("List the accounts."))
@options.as_json
@options.records
def list_(as_json: bool, records: options.Records) -> None:
    """Print one line per account."""
    for found in _accounts(records).all():
        whose = asdict(found.trainee) if found.trainee else None
        if as_json:
            context.emit_json({"name": found.name, "role": found.role, "trainee": whose})
        else:
            of = f"  {found.trainee.group} {found.trainee.name}" if found.trainee else ""
            click.echo(f"{found.name}  {found.role}{of}")


def _accounts(records: options.Records) -> Accounts:
    from practice.store.accounts import Accounts

    return Accounts(context.open_store(records).database)


def _whose(store: Store, name: str, group: str | None) -> Trainee:
    """Return the trainee of a name; one whose group is given need not have practiced yet."""
    from practice.records.attempt import Trainee
    from practice.store.people import People

    known = [g for g in People(store.database).groups_of(name) if group in (None, g)]
    if len(known) == 1:
        return Trainee(name, known[0])
    if group is not None:
        return Trainee(context.require_name(name), context.require_name(group))
    raise PracticeError(
        _("“{name}” is in several groups, or in none yet. Name one with --group.").format(name=name)
    )


def _password() -> str:
    """Prompt for a password twice; without a terminal, read a line from stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt(
        _("Password"), hide_input=True, confirmation_prompt=_("Password again"), err=True
    )
    return asked
