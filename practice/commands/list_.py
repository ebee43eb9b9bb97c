"""``practice list``: the scenarios there are."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options, parts
from practice.i18n import gettext as _


@click.command("list", help=_("List the scenarios."))
@options.as_json
@options.prompts
def list_(as_json: bool, prompts_dir: Path) -> None:
    """Print a line for each scenario; files with mistakes are told on stderr."""
    from practice import prompts

    scenarios, problems = prompts.load_all(prompts_dir)
    for problem in problems:
        parts.report_error(problem)
    if as_json:
        for s in scenarios:
            parts.emit_json(
                {
                    "id": s.id,
                    "title": s.title,
                    "when": s.when,
                    "role": s.role,
                    "source": s.source,
                    "origin": s.origin,
                    "lines": len(s.lines),
                }
            )
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column(_("scenario"), no_wrap=True)
    table.add_column(_("title"), no_wrap=True)
    table.add_column(_("lines"), justify="right")
    table.add_column(_("when"))
    for s in scenarios:
        table.add_row(Text(s.id, style="bold"), Text(s.title), str(len(s.lines)), Text(s.when))
    parts.console().print(table)
    click.echo(_("Practise one with: practice run ID"))
