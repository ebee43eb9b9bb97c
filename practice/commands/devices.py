"""``practice devices``: list the microphones."""

from __future__ import annotations

from dataclasses import asdict

import click

from practice.commands import options, parts
from practice.i18n import gettext as _


@click.command()
@options.as_json
def devices(as_json: bool) -> None:
    """Print one line per microphone; mark the default."""
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
