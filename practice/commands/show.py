"""``practice show``: a scenario with its script and elements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import options, parts
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.core.models import Line


@click.command(help=_("Show a scenario: situation, script, courtesies, accepted wordings."))
@click.argument("scenario_id", metavar="SCENARIO")
@options.as_json
@options.prompts
def show(scenario_id: str, as_json: bool, prompts_dir: Path) -> None:
    """Print everything that a scenario asks for."""
    from dataclasses import asdict

    from practice import prompts
    from practice.report.wrap import say

    scenario = prompts.load(prompts_dir, scenario_id)
    if as_json:
        parts.emit_json(asdict(scenario))
        return
    console = parts.console()
    say(console, f"{scenario.title} ({scenario.id})", "bold")
    say(console, _("When: {when}").format(when=scenario.when))
    if scenario.role:
        say(console, _("Role: {role}").format(role=scenario.role))
    for number, line in enumerate(scenario.lines, 1):
        _print_line(console, number, line)


def _print_line(console: Console, number: int, line: Line) -> None:
    from practice.report.words import kind_name
    from practice.report.wrap import say

    console.print()
    say(console, f"{number}. " + _("Situation: {cue}").format(cue=line.cue))
    if line.body:
        say(console, "   " + _("Posture: {body}").format(body=line.body), "dim")
    say(console, "   " + _("Say: {script}").format(script=line.script), "bold cyan")
    standard, *others = line.wordings
    for element in standard.elements:
        mark = "  " + _("(critical)") if element.critical else ""
        mark += "" if element.required else "  " + _("(not required)")
        kind = kind_name(element.kind) if element.kind else ""
        say(console, f"     {element.text}  {kind}{mark}")
    if others:
        say(console, "   " + _("Also accepted:"), "dim")
        for script in dict.fromkeys(w.script for w in others):
            say(console, f"     {script}", "dim")
