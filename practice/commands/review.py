"""``practice review``: serve the trainer's review page on this machine."""

from __future__ import annotations

import getpass
import ipaddress
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from practice.commands import context, options
from practice.errors import PracticeError, system_reason
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from practice.store import Store

PORT = 8571
_LOOPBACK_NAMES = ["127.0.0.1", "localhost"]


@click.command()
@click.option("--as", "reviewer", envvar="PRACTICE_TRAINER", help=_("The trainer's name."))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help=_("Address to listen on. Anything but localhost requires a login."),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help=_("Port to listen on; 0 picks a free one."),
)
@click.option("--login", is_flag=True, help=_("Require a login on this machine too."))
@click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="NAME",
    help=_("Host name by which the page is reached; may be repeated."),
)
@click.option("--behind-tls", is_flag=True, help=_("Run behind a TLS proxy on this machine."))
@click.option("--no-browser", is_flag=True, help=_("Do not open the browser."))
@options.prompts
@options.model
@options.records
def review(
    reviewer: str | None,
    host: str,
    port: int,
    login: bool,
    allowed: tuple[str, ...],
    behind_tls: bool,
    no_browser: bool,
    prompts_dir: Path,
    model_name: str,
    records: options.Records,
) -> None:
    """Serve the review page until Ctrl-C."""
    from practice.web.app import create_app
    from practice.web.desk import Desk
    from practice.web.guard import session_key

    if ":" in host:  # the check of request host names does not know IPv6
        raise click.UsageError(_("--host must be an IPv4 address or a host name, without a port."))
    allowed = tuple(name.lower() for name in allowed)
    for name in allowed:
        if not re.fullmatch(r"[a-z0-9.-]+", name):
            raise click.UsageError(
                _("{name} is not a host name. Give it without https:// and port.").format(name=name)
            )
    login = login or not _is_loopback(host)
    hosts = _names(host, allowed)
    store = context.open_store(records)
    if login:
        _require_accounts(store)
    name = context.require_name(reviewer) if reviewer is not None else getpass.getuser()
    app = create_app(
        Desk(store, name, login, context.reference_recordings(prompts_dir, model_name)),
        hosts,
        session_key(records.folder),
        behind_tls=behind_tls,
    )
    from waitress import create_server

    try:
        server = create_server(
            app, host=host, port=port, clear_untrusted_proxy_headers=True, **_trust(behind_tls)
        )
    except (OSError, ValueError) as error:
        raise PracticeError(
            _("Cannot listen on {host}:{port}: {why}. Choose another port with --port.").format(
                host=host, port=port, why=system_reason(error)
            )
        ) from None
    url = f"http://{host}:{server.effective_port}/"
    click.echo(_("Review page: {url}   (Ctrl-C to stop)").format(url=url))
    sys.stdout.flush()
    if not no_browser and _has_screen():
        import webbrowser

        webbrowser.open(url)
    server.run()


def _trust(behind_tls: bool) -> dict[str, Any]:
    """Build server options that trust forwarding headers, but only from a local proxy."""
    if not behind_tls:
        return {}
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    return {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": headers}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(host: str, allowed: tuple[str, ...]) -> list[str]:
    """Return the host names that requests may use."""
    is_everywhere = host == "0.0.0.0"
    if is_everywhere and not allowed:
        raise click.UsageError(
            _("{host} means all addresses. List the host names in use with --allow-host.").format(
                host=host
            )
        )
    return [*(_LOOPBACK_NAMES if is_everywhere or _is_loopback(host) else [host]), *allowed]


def _require_accounts(store: Store) -> None:
    from practice.store.accounts import Accounts, Role

    if not any(a.role is not Role.TRAINEE for a in Accounts(store.database).all()):
        raise PracticeError(
            _(
                "There is no trainer or admin account to log in with. Add one: practice "
                "account add NAME --role trainer"
            )
        )


def _has_screen() -> bool:
    # Without a screen, webbrowser would start a browser in this terminal and wait for it.
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
