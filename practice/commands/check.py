"""``practice check``: look through the scenarios' files for mistakes."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options
from practice.i18n import gettext as _
from practice.i18n import ngettext


@click.command(help=_("Check the scenarios' files; each mistake is named with its line."))
@options.prompts
def check(prompts_dir: Path) -> None:
    """Print every mistake; exit with 1 where there is one."""
    from practice import prompts

    files, problems = prompts.check(prompts_dir)
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(
            ngettext(
                "{n} mistake in {files} files.", "{n} mistakes in {files} files.", len(problems)
            ).format(n=len(problems), files=files),
            err=True,
        )
        raise SystemExit(1)
    click.echo(_("{files} files, no mistake.").format(files=files))
