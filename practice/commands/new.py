"""``practice new``: create a scenario file to edit."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from practice.commands import options
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.paths import checkout, default_prompts
from practice.records.kinds import ScenarioKind


@click.command()
@click.argument("scenario_id", metavar="ID")
@options.kind(_("Kind of scenario, like 送别; lists are grouped by it."))
@click.option(
    "--conversation", is_flag=True, help=_("A conversation with a customer, with branches.")
)
@options.prompts
@click.pass_context
def new(
    ctx: click.Context,
    scenario_id: str,
    kind: ScenarioKind | None,
    conversation: bool,
    prompts_dir: Path,
) -> None:
    """Write the file and print the next steps."""
    from practice.scenarios.new import write_new

    if checkout() is None and prompts_dir == default_prompts():
        raise PracticeError(
            _(
                "The scenarios in {folder} belong to the installation. Copy them to a "
                "folder of your own and name it with --prompts."
            ).format(folder=prompts_dir)
        )
    is_conversation = conversation or kind is ScenarioKind.CONVERSATION
    if kind is None:
        kind = ScenarioKind.CONVERSATION if conversation else ScenarioKind.OTHER
    path = write_new(prompts_dir, scenario_id, kind, is_conversation=is_conversation)
    named = ctx.get_parameter_source("prompts_dir") is ParameterSource.COMMANDLINE
    option = f" --prompts {prompts_dir}" if named else ""
    click.echo(_("Written: {path}").format(path=path))
    click.echo(_("1. Edit it in a text editor."))
    click.echo(_("2. Check it:  {command}").format(command=f"practice check{option}"))
    click.echo(
        _("3. Practice it:  {command}").format(command=f"practice run {scenario_id}{option}")
    )
