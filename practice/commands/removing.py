"""Confirmation, removal and report that ``forget`` and ``prune`` share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from practice.commands import parts
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.paths import settings_file
from practice.records.attempt import DEFAULT_GROUP

if TYPE_CHECKING:
    from practice.store import Store
    from practice.store.retention import Plan, Remover, Sounds


def remover(store: Store) -> Remover:
    """Build the remover for a store and the name remembered on this machine."""
    from practice.store.retention import Remover

    return Remover(store, settings_file(), DEFAULT_GROUP)


def remove(plan: Plan, remover: Remover, heading: str, *, yes: bool, as_json: bool) -> None:
    """Show the plan, ask for confirmation, carry it out and print what was removed.

    Args:
        heading: Title of the list that is shown before the question.
        yes: Remove without asking.

    Raises:
        PracticeError: There is no terminal to ask in, or the removal failed.
    """
    from practice.output.wrap import say

    # Without a question the list is not needed beforehand: it is printed after the removal.
    if not yes:
        if not parts.is_interactive():
            raise PracticeError(
                _("There is no terminal to ask in. Use --yes to remove without confirmation.")
            )
        shown = parts.console(for_programs=True)
        say(shown, heading, "bold")
        _list(plan, to_stderr=True)
        if not click.confirm(_("Remove permanently?"), default=False, err=True):
            click.echo(_("Nothing was removed."), err=True)
            return
    done = replace(plan, extent=remover.carry_out(plan))
    if as_json:
        emit(done)
        return
    say(parts.console(), _("Permanently removed:"), "bold")
    _list(done, to_stderr=False)
    text = _(
        "Bundles and reports already given away are not affected. Where a bundle was "
        "imported, remove the data there too."
    )
    say(parts.console(), text)


def emit(plan: Plan) -> None:
    """Print what was removed as JSON."""
    extent = plan.extent
    parts.emit_json(
        {
            "attempts": extent.attempts,
            "unreviewed": extent.unreviewed,
            "reviews": extent.reviews,
            "recordings": plan.sounds.number,
            "bytes": plan.sounds.size,
            "broken_off": len(plan.interrupted),
            "accounts": extent.accounts,
        }
    )


def tell_leftovers(found: Sounds, *, as_json: bool) -> None:
    """Print how many recordings an earlier removal had left behind, if any; not for JSON."""
    if found.number and not as_json:
        click.echo(
            _("Recordings left by an earlier removal, now removed: {n}, {mb:.1f} MB").format(
                n=found.number, mb=found.size / 1e6
            )
        )


def _list(plan: Plan, *, to_stderr: bool) -> None:
    from practice.output.wording import local_time
    from practice.output.wrap import say

    console = parts.console(for_programs=to_stderr)
    extent = plan.extent
    lines = [_("no attempts")]
    if extent.oldest and extent.newest:
        lines = [
            _("attempts: {n}, from {first} to {last}; not reviewed: {unreviewed}").format(
                n=extent.attempts,
                first=local_time(extent.oldest)[:10],
                last=local_time(extent.newest)[:10],
                unreviewed=extent.unreviewed,
            )
        ]
    lines.append(
        _("recordings: {n}, {mb:.1f} MB").format(n=plan.sounds.number, mb=plan.sounds.size / 1e6)
    )
    counted: list[tuple[str, Any]] = [
        (_("reviews: {n}"), extent.reviews),
        (_("interrupted attempts: {n}"), len(plan.interrupted)),
        (_("accounts: {n}"), extent.accounts),
    ]
    lines += [text.format(n=n) for text, n in counted if n]
    if plan.remembered:
        lines.append(_("the name remembered on this machine"))
    for line in lines:
        say(console, f"  {line}", indent=4)
