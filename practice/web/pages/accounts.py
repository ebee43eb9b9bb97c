"""The page for managing accounts."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Trainee
from practice.store.accounts import Role
from practice.text import MAX_NAME, is_name
from practice.web.desk import desk, viewer

pages = Blueprint("accounts", __name__)


@pages.get("/accounts")
def show() -> ResponseReturnValue:
    """List the accounts."""
    _require_admin()
    return _page()


@pages.post("/accounts")
def change() -> ResponseReturnValue:
    """Add an account, change a password, or remove an account."""
    _require_admin()
    form = request.form
    name, password = form.get("name", "").replace("\0", "").strip(), form.get("password", "")
    accounts = desk().accounts
    try:
        match form.get("do"):
            case "add":
                _require_name(name)
                role = Role(form.get("role", "")) if form.get("role") in set(Role) else None
                if role is None:
                    abort(400)
                accounts.add(name, password, role, _trainee(role))
                flash(_("Added: {name}").format(name=name))
            case "password":
                accounts.set_password(name, password)
                flash(_("The password of {name} was changed.").format(name=name))
            case "remove":
                if name == viewer().name:
                    raise PracticeError(_("You cannot remove your own account."))
                accounts.remove(name)
                flash(_("Removed: {name}").format(name=name))
            case _:
                abort(400)
    except PracticeError as error:
        return _page(str(error)), 400
    return redirect(url_for("accounts.show"), 303)


def _page(told: str = "") -> str:
    return render_template(
        "accounts.html",
        accounts=desk().accounts.all(),
        trainees=desk().queue.trainees(),
        roles=list(Role),
        told=told,
    )


def _require_admin() -> None:
    if not viewer().may_manage:
        abort(404)


def _require_name(name: str) -> None:
    if not is_name(name):
        raise PracticeError(
            _("“{name}” is not a valid user name. Enter another one.").format(name=name[:MAX_NAME])
        )


def _trainee(role: Role) -> Trainee | None:
    if role is not Role.TRAINEE:
        return None
    place = request.form.get("trainee", "")
    for group, name in desk().queue.trainees():
        if place == f"{group}\t{name}":
            return Trainee(name, group)
    raise PracticeError(_("Select the trainee for this account."))
