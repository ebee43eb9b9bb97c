"""Login and logout."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from practice.i18n import gettext as _
from practice.web.desk import desk
from practice.web.guard import LOGIN_TRIES, User, limiter

pages = Blueprint("login", __name__)


@pages.route("/login", methods=["GET", "POST"])
@limiter.limit(LOGIN_TRIES, methods=["POST"])
def log_in() -> ResponseReturnValue:
    """Show the login form, or check name and password and log in."""
    if request.method == "GET":
        return render_template("login.html", name="", told="")
    name = request.form.get("name", "").replace("\0", "")
    account = desk().accounts.check(name, request.form.get("password", ""))
    if account is None:
        told = _("The user name or password is incorrect.")
        return render_template("login.html", name=name, told=told), 403
    login_user(User(account))
    return redirect(_inside(request.args.get("to", "")), 303)


@pages.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    return redirect(url_for("login.log_in"), 303)


def _inside(to: str) -> str:
    """Return the page to show after the login; only our own pages are allowed."""
    if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable():
        return to
    return url_for("queue.show")
