"""Login and logout, and the page for managing accounts."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Trainee
from practice.store.accounts import Role
from practice.text import MAX_NAME, is_name
from practice.web.desk import desk, viewer
from practice.web.guard import LOGIN_TRIES, User, limiter

pages = Blueprint("accounts", __name__)


@pages.route("/login", methods=["GET", "POST"])
@limiter.limit(LOGIN_TRIES, methods=["POST"])
def log_in() -> ResponseReturnValue:
    """Show the login form, or check name and password and log in."""
    if request.method == "GET":
        return render_template("login.html", name="", error="")
    name = request.form.get("name", "").replace("\0", "")
    account = desk().accounts.check(name, request.form.get("password", ""))
    if account is None:
        error = _("The user name or password is incorrect.")
        return render_template("login.html", name=name, error=error), 403
    login_user(User(account))
    return redirect(_inside(request.args.get("to", "")), 303)


@pages.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    return redirect(url_for("accounts.log_in"), 303)


def _inside(to: str) -> str:
    """Return the page to show after the login; only our own pages are allowed."""
    if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable():
        return to
    return url_for("queue.show")


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
                if not is_name(name):
                    text = _("“{name}” is not a valid user name. Enter another one.")
                    raise PracticeError(text.format(name=name[:MAX_NAME]))
                if form.get("role") not in set(Role):
                    abort(400)
                role = Role(form["role"])
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


def _page(error: str = "") -> str:
    return render_template(
        "accounts.html",
        accounts=desk().accounts.all(),
        trainees=desk().queue.trainees(),
        roles=list(Role),
        error=error,
    )


def _require_admin() -> None:
    if not viewer().may_manage:
        abort(404)


def _trainee(role: Role) -> Trainee | None:
    if role is not Role.TRAINEE:
        return None
    place = request.form.get("trainee", "")
    for group, name in desk().queue.trainees():
        if place == f"{group}\t{name}":
            return Trainee(name, group)
    raise PracticeError(_("Select the trainee for this account."))
