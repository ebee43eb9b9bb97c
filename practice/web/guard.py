"""What stands before every page: names of this machine, tokens, headers, the login."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from flask import Flask, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from werkzeug.exceptions import SecurityError

from practice.errors import StoreError, system_reason
from practice.i18n import gettext as _
from practice.store.accounts import Account
from practice.web.desk import desk

KEY_FILE = "review.key"

LOGIN_TRIES = "10 per minute"
"""Log-ins that an address may try; a password of ten characters outlives that."""

_HEADERS = {
    # Nothing but our own files, and nobody may put the page into a frame. The pages
    # have no inline script or style.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Recordings of people do not belong in a shared machine's cache.
    "Cache-Control": "no-store",
}

_OPEN = {"login.log_in", "static"}


class User(UserMixin):  # type: ignore[misc]
    """An account as Flask-Login wants it."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def get_id(self) -> str:
        """The account, and the key that ends its sessions when it changes."""
        return f"{self.account.id}:{self.account.session_key}"


limiter = Limiter(get_remote_address, storage_uri="memory://")


def protect(app: Flask, hosts: list[str], *, behind_tls: bool) -> None:
    """Put the guards before an app.

    ``hosts`` are the names by which it may be called: a page elsewhere that lets its own
    name lead here is refused. ``behind_tls`` says that a TLS proxy stands before it.
    """
    app.config.update(
        TRUSTED_HOSTS=hosts,
        SESSION_COOKIE_NAME="practice",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=behind_tls,
        # As long as the session: a trainer may leave a page open over lunch.
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )

    @app.before_request
    def _own_name() -> None:
        # Flask refuses a foreign name itself, but later: under one the login has no address.
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception

    CSRFProtect(app)
    limiter.init_app(app)
    manager = LoginManager(app)
    manager.session_protection = None  # phones change their address

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _user(user_id: str) -> User | None:
        number, _colon, key = user_id.partition(":")
        account = desk().accounts.find(int(number), key) if number.isdecimal() else None
        return User(account) if account else None

    @app.before_request
    def _no_nul() -> None:
        # No name has one, and PostgreSQL takes none.
        if any("\0" in value for _key, value in request.args.items(multi=True)):
            abort(400)

    @app.before_request
    def _logged_in() -> ResponseReturnValue | None:
        if not desk().login or request.endpoint in _OPEN or current_user.is_authenticated:
            return None
        here = request.full_path if request.method == "GET" else None
        return redirect(url_for("login.log_in", to=here))

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response


def session_key(folder: Path) -> str:
    """The key that signs sessions; made once, so that open pages outlive a restart."""
    path = folder / KEY_FILE
    try:
        key = path.read_bytes() if path.exists() else b""
        if not re.fullmatch(rb"[0-9a-f]{64}", key):  # none yet, or cut off
            key = secrets.token_hex(32).encode()
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(key)
    except OSError as error:
        raise StoreError(
            _("{path} cannot be used: {why}. Choose another folder with --recordings.").format(
                path=path, why=system_reason(error)
            )
        ) from None
    return key.decode()
