"""``practice devices``: the microphones that can be chosen."""

from __future__ import annotations

from dataclasses import asdict

import click

from practice.commands import options, parts
from practice.i18n import gettext as _


@click.command()
@options.as_json
def devices(as_json: bool) -> None:
    """Print a line for each microphone; the default one is marked."""
    from practice.audio.devices import choose, list_microphones

    if as_json:
        for device in list_microphones():
            parts.emit_json(asdict(device))
        return
    default = choose(None)
    for device in list_microphones():
        mark = "*" if device.index == default.index else " "
        click.echo(f"{mark} {device.index:3}  {device.name}  ({device.host}, {device.rate_hz} Hz)")
    click.echo(_("* marks the default. Choose another with --device INDEX or --device NAME."))
