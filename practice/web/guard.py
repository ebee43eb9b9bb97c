"""Guards for all pages: host names, CSRF tokens, security headers, and the login."""

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
"""Rate limit of login attempts per address; a password of ten characters withstands it."""

_HEADERS = {
    # Allow only our own files, and no framing of the page. The pages have no inline script
    # or style.
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
    # Keep recordings of people out of the cache of a shared machine.
    "Cache-Control": "no-store",
}

_OPEN = {"accounts.log_in", "static"}


class User(UserMixin):  # type: ignore[misc]
    """Wrapper of an account for Flask-Login."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def get_id(self) -> str:
        """Return the account's ID and session key; a new key ends its sessions."""
        return f"{self.account.id}:{self.account.session_key}"


limiter = Limiter(get_remote_address, storage_uri="memory://")


def protect(app: Flask, hosts: list[str], *, behind_tls: bool) -> None:
    """Install the guards in an app.

    Args:
        app: The app.
        hosts: Accepted host names. Any other is rejected, to prevent DNS rebinding.
        behind_tls: The app runs behind a TLS proxy.
    """
    app.config.update(
        TRUSTED_HOSTS=hosts,
        SESSION_COOKIE_NAME="practice",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=behind_tls,
        # Tokens are valid as long as the session: a trainer may leave a page open over lunch.
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )

    @app.before_request
    def _own_name() -> None:
        # Flask rejects an untrusted host only later, and the login has no URL under such a host.
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception

    CSRFProtect(app)
    limiter.init_app(app)
    manager = LoginManager(app)
    manager.session_protection = None  # phones change their IP address

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _user(user_id: str) -> User | None:
        number, _colon, key = user_id.partition(":")
        account = desk().accounts.find(int(number), key) if number.isdecimal() else None
        return User(account) if account else None

    @app.before_request
    def _no_nul() -> None:
        # No valid name contains NUL, and PostgreSQL rejects it.
        if any("\0" in value for _key, value in request.args.items(multi=True)):
            abort(400)

    @app.before_request
    def _logged_in() -> ResponseReturnValue | None:
        if not desk().login or request.endpoint in _OPEN or current_user.is_authenticated:
            return None
        here = request.full_path if request.method == "GET" else None
        return redirect(url_for("accounts.log_in", to=here))

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response


def session_key(folder: Path) -> str:
    """Return the key that signs sessions.

    It is created once and stored in the folder, so that open pages survive a restart.

    Raises:
        StoreError: The key file cannot be used.
    """
    path = folder / KEY_FILE
    try:
        key = path.read_bytes() if path.exists() else b""
        if not re.fullmatch(rb"[0-9a-f]{64}", key):  # missing or truncated
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
