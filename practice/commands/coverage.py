"""``practice coverage``: show which scenarios cover which rows of the service standard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.i18n import ngettext

if TYPE_CHECKING:
    from practice.scenarios.coverage import Coverage


@click.command()
@click.option("--markdown", is_flag=True, help=_("Print the page docs/coverage.md."))
@options.as_json
@options.prompts
def coverage(markdown: bool, as_json: bool, prompts_dir: Path) -> None:
    """Print one line per row of the standard; exit with 1 if a row has no scenario."""
    if markdown and as_json:
        raise click.UsageError(_("Give --markdown or --json, not both."))
    from practice import scenarios as prompts
    from practice.output.coverage import coverage_page, coverage_to_dict
    from practice.scenarios.coverage import cover

    scenarios, problems = prompts.load_all(prompts_dir)
    rows = prompts.load_standard(prompts_dir)
    if not rows:
        raise PromptError(
            _(
                "{folder} has no rows of the service standard. List them in rules/standard.yaml."
            ).format(folder=prompts_dir)
        )
    for problem in problems:
        parts.report_error(problem)
    table = cover(rows, scenarios)
    if as_json:
        for covered in table:
            parts.emit_json(coverage_to_dict(covered))
    elif markdown:
        for line in coverage_page(table, scenarios):
            parts.emit_line(line)
    else:
        _print_table(table)
    empty = sum(not covered.scenarios for covered in table)
    if empty:
        text = ngettext(
            "{n} row of {rows} has no scenario.", "{n} rows of {rows} have no scenario.", empty
        )
        click.echo(text.format(n=empty, rows=len(table)), err=True)
        raise SystemExit(1)


def _print_table(table: tuple[Coverage, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from practice.text import visible

    shown = Table(box=None, pad_edge=False)
    shown.add_column(_("section"), no_wrap=True)
    shown.add_column(_("row"), overflow="fold")
    shown.add_column(_("scenarios"), overflow="fold")
    for covered in table:
        shown.add_row(
            Text(visible(covered.row.section)),
            Text(visible(covered.row.title)),
            Text(", ".join(s.id for s in covered.scenarios) or _("none"), style="bold"),
        )
    parts.console().print(shown)
