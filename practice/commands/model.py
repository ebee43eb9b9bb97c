"""``practice model``: manage the Whisper models on this machine."""

from __future__ import annotations

import click

from practice.commands import options, parts
from practice.i18n import gettext as _
from practice.paths import models_dir


@click.group()
def model() -> None:
    """Group the model commands."""


@model.command("list", help=_("List the installed models."))
@options.as_json
def list_(as_json: bool) -> None:
    """Print the installed models, and how to install others."""
    from practice.recognition.whisper import weights

    found = weights.list_installed(models_dir())
    if as_json:
        for m in found:
            parts.emit_json(
                {"name": m.name, "path": str(m.path), "sha256": m.sha256, "source": m.source}
            )
        return
    for m in found:
        click.echo(f"{m.name}  {m.path.stat().st_size / 1e6:.0f} MB  {m.source}")
    if not found:
        click.echo(_("No model is installed yet. The first run installs `base`, without network."))
    click.echo(_("Others: practice model install tiny|small|medium|large|turbo, or a .pt file"))


@model.command(help=_("Install a model: base, another size (downloads), or a .pt file."))
@click.argument("name", metavar="NAME|FILE")
def install(name: str) -> None:
    """Install a model and print its path."""
    installed = parts.install_model(name)
    click.echo(_("{name} is installed: {path}").format(name=installed.name, path=installed.path))


@model.command(help=_("Print the path of a model's checkpoint."))
@click.argument("name", default="base")
def path(name: str) -> None:
    """Print the path of a model's checkpoint; install ``base`` first if it is missing.

    Raises:
        WeightsError: A model other than ``base`` is not installed.
    """
    click.echo(parts.require_model(name).path)
