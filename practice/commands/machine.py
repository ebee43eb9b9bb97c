"""Commands about this machine: doctor, devices and Whisper models."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path

import click

from practice.commands import context, options
from practice.errors import PracticeError, system_reason
from practice.i18n import gettext as _
from practice.paths import models_dir
from practice.text import visible

_DISK_FAIL_MB = 200
_DISK_WARN_MB = 1000
# One minute of recording at 48 kHz, 16 bit.
_TAKE_MB = 5.8


class _Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


_Finding = tuple[_Level, str]


@click.command()
@options.as_json
@options.model
@options.prompts
@options.records
def doctor(as_json: bool, model_name: str, prompts_dir: Path, records: options.Records) -> None:
    """Print OK, WARN and FAIL lines; exit with 1 if a check fails."""
    from rich.cells import cell_len

    checks: dict[str, tuple[str, Callable[[], Iterator[_Finding]]]] = {
        "python": ("Python", _python),
        "microphone": (_("microphone"), _microphone),
        "weights": (_("model"), partial(_weights, model_name)),
        "scenarios": (_("scenarios"), partial(_scenarios, prompts_dir)),
        "recordings": (_("recordings"), partial(_recordings, records)),
        "terminal": (_("terminal"), _terminal),
    }
    levels = {_Level.OK: _("OK"), _Level.WARN: _("WARN"), _Level.FAIL: _("FAIL")}
    widest = max(map(cell_len, levels.values()))
    has_failed = False
    for part, (name, examine) in checks.items():
        for level, text in _examined(examine):
            has_failed |= level is _Level.FAIL
            if as_json:
                context.emit_json({"part": part, "level": level, "text": text})
                continue
            shown = levels[level] + " " * (widest - cell_len(levels[level]))
            line = _("{level}  {part}: {text}").format(level=shown, part=name, text=text)
            click.echo(visible(line))
    if has_failed:
        raise SystemExit(1)


def _examined(examine: Callable[[], Iterator[_Finding]]) -> Iterator[_Finding]:
    try:
        yield from examine()
    except PracticeError as error:
        yield _Level.FAIL, str(error)


def _python() -> Iterator[_Finding]:
    yield _Level.OK, sys.version.split()[0]


def _microphone() -> Iterator[_Finding]:
    from practice.audio.devices import choose, sounddevice

    yield _Level.OK, sounddevice().get_portaudio_version()[1]
    device = choose(None)
    yield _Level.OK, f"{device.index} {device.name} ({device.host}, {device.rate_hz} Hz)"


def _weights(name: str) -> Iterator[_Finding]:
    from practice.recognition.whisper import weights

    model = weights.installed(models_dir(), name)
    if model is None and name == weights.DEFAULT_MODEL:
        yield (
            _Level.WARN,
            _("Model base is not installed yet. The first run installs it, without network."),
        )
        return
    model = context.require_model(name)
    weights.verify(model)
    yield _Level.OK, f"{model.name} {model.path}"


def _scenarios(folder: Path) -> Iterator[_Finding]:
    from practice import scenarios as prompts

    files, problems = prompts.check(folder)
    if problems:
        yield (
            _Level.WARN,
            _("{folder}, errors: {n}. Run `practice check` to list them.").format(
                n=len(problems), folder=folder
            ),
        )
    else:
        yield _Level.OK, _("{folder}, files: {n}").format(n=files, folder=folder)


def _recordings(records: options.Records) -> Iterator[_Finding]:
    folder = records.folder
    context.open_store(records)
    probe = folder / ".probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise PracticeError(
            _("Cannot write to {folder}: {why}. Choose another folder with --recordings.").format(
                folder=folder, why=system_reason(error)
            )
        ) from None
    free_mb = shutil.disk_usage(folder).free / 1e6
    level = (
        _Level.FAIL
        if free_mb < _DISK_FAIL_MB
        else _Level.WARN
        if free_mb < _DISK_WARN_MB
        else _Level.OK
    )
    yield (
        level,
        _("{folder}, {free:.0f} MB free, about {minutes:.0f} minutes of speech").format(
            folder=folder, free=free_mb, minutes=free_mb / _TAKE_MB
        ),
    )


def _terminal() -> Iterator[_Finding]:
    encoding = sys.stdout.encoding or "ascii"
    try:
        "请慢走－＊＋".encode(encoding)
    except UnicodeEncodeError:
        yield (
            _Level.WARN,
            _("The encoding {encoding} cannot display Chinese. On Windows, run: chcp 65001").format(
                encoding=encoding
            ),
        )
    else:
        yield (
            _Level.OK,
            _("{encoding}; if Chinese shows as boxes, choose a font that supports it").format(
                encoding=encoding
            ),
        )


@click.command()
@options.as_json
def devices(as_json: bool) -> None:
    """Print one line per microphone; mark the default."""
    from practice.audio.devices import choose, list_microphones

    if as_json:
        context.emit_json(*map(asdict, list_microphones()))
        return
    default = choose(None)
    for device in list_microphones():
        mark = "*" if device.index == default.index else " "
        click.echo(f"{mark} {device.index:3}  {device.name}  ({device.host}, {device.rate_hz} Hz)")
    click.echo(_("* marks the default. Choose another with --device INDEX or --device NAME."))


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
        context.emit_json(*({**asdict(model), "path": str(model.path)} for model in found))
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
    installed = context.install_model(name)
    click.echo(_("{name} is installed: {path}").format(name=installed.name, path=installed.path))


@model.command(help=_("Print the path of a model's checkpoint."))
@click.argument("name", default="base")
def path(name: str) -> None:
    """Print the path of a model's checkpoint; install ``base`` first if it is missing.

    Raises:
        WeightsError: A model other than ``base`` is not installed.
    """
    click.echo(context.require_model(name).path)
