"""The Flask app: pages, guards, and templates."""

from __future__ import annotations

from flask import Flask, Response, current_app, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError

from practice import i18n
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.output.attempt import evidence_numbers, evidence_text
from practice.output.review import decision_text, postures
from practice.output.wording import (
    banned_text,
    kind_name,
    local_time,
    mode_name,
    result_names,
    verdict_name,
)
from practice.web import guard
from practice.web.desk import Desk, Viewer, desk, viewer
from practice.web.pages import accounts, attempt, downloads, people, queue
from practice.web.wording import DOUBT_NAMES, mark_name, result_line, seconds


def create_app(here: Desk, hosts: list[str], key: str, *, behind_tls: bool = False) -> Flask:
    """Create the app for a desk.

    Args:
        here: The desk.
        hosts: Accepted host names.
        key: Key that signs sessions.
        behind_tls: The app runs behind a TLS proxy.
    """
    app = Flask("practice.web", static_url_path="/static")
    app.secret_key = key
    app.extensions["practice"] = here
    guard.protect(app, hosts, behind_tls=behind_tls)
    for page in (queue, attempt, people, downloads, accounts):
        app.register_blueprint(page.pages)
    app.jinja_env.globals.update(
        _=i18n.gettext,
        ngettext=i18n.ngettext,
        language="zh-CN" if i18n.is_chinese() else "en",
        desk=here,
        viewer=viewer,
        menu=_menu,
        DOUBT_NAMES=DOUBT_NAMES,
        result_names=result_names,
    )
    app.jinja_env.filters.update(
        local_time=local_time,
        kind_name=kind_name,
        mode_name=mode_name,
        verdict_name=verdict_name,
        evidence=evidence_text,
        evidence_numbers=evidence_numbers,
        banned_text=banned_text,
        mark_name=mark_name,
        decision_text=decision_text,
        postures=postures,
        result_line=result_line,
        seconds=seconds,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(PracticeError, _failed)
    return app


def _menu(reader: Viewer) -> list[tuple[str, str]]:
    """Return the endpoint and the name of each page in the menu of a viewer."""
    if not reader.may_review:
        return [("queue.show", _("Attempts")), ("people.own", _("Progress"))]
    found = [
        ("queue.show", _("Queue")),
        ("people.show", _("Trainees")),
        ("people.groups", _("Groups")),
        ("people.agreement", _("Agreement")),
    ]
    if reader.may_manage:
        found.append(("accounts.show", _("Accounts")))
    return found


def _refused(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):  # untrusted host: render no page for it
        return Response(status=400)
    code = error.code or 500
    text = {
        400: _("The request was rejected. Go back, reload the page, and try again."),
        403: _("You do not have permission to do this."),
        404: _("This page or attempt does not exist."),
        405: _("This page or attempt does not exist."),
        413: _("The request is too large. Shorten the text and try again."),
        429: _("Too many login attempts. Wait a minute and try again."),
    }.get(code, _("The request failed. Try again."))
    return render_template("message.html", text=text), code


def _failed(error: PracticeError) -> tuple[str, int]:
    if desk().login:  # do not show problems of the server to all accounts
        current_app.logger.error("%s", error)
        text = _(
            "The records cannot be used now. The terminal that runs `practice review` shows "
            "the reason."
        )
        return render_template("message.html", text=text), 500
    return render_template("message.html", text=str(error)), 500
