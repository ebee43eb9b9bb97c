"""``practice check``: check the scenario files and report each error with its line."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import click

from practice.commands import options
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.paths import checkout, default_prompts


@click.command()
@options.prompts
def check(prompts_dir: Path) -> None:
    """Print every error; exit with 1 if there is one.

    A checkout's own scenarios are checked together with its message catalogs.
    """
    from practice import scenarios as prompts
    from practice.commands import catalogue
    from practice.output.excerpt import excerpt
    from practice.output.wrap import MAX_WIDTH, wrap
    from practice.scenarios import voices
    from practice.text import visible

    width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
    files, problems = prompts.check(prompts_dir)
    sounds, wrong = voices.check(prompts_dir)
    files += sounds
    mistakes = [
        [
            wrap(visible(str(problem)), width, 2),
            *excerpt(_lines(problem.path), problem.line, problem.message, width),
        ]
        for problem in problems
    ]
    mistakes += [[wrap(visible(str(problem)), width, 2)] for problem in wrong]
    root = checkout()
    if root is not None and prompts_dir.resolve() == default_prompts().resolve():
        catalogues, found = catalogue.check(root)
        files += catalogues
        mistakes += [[wrap(visible(text), width, 2)] for text in found]
    for lines in mistakes:
        click.echo("\n".join(lines))
    if mistakes:
        text = ngettext(
            "{n} error; files checked: {files}.",
            "{n} errors; files checked: {files}.",
            len(mistakes),
        )
        click.echo(text.format(n=len(mistakes), files=files), err=True)
        raise SystemExit(1)
    click.echo(_("No errors; files checked: {files}.").format(files=files))


@cache
def _lines(path: Path) -> list[str]:
    """Return the lines of a file; none if it cannot be read, so that there is no excerpt."""
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return []
