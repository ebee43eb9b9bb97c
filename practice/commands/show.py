"""``practice show``: show a scenario with its scripts and courtesies."""

from __future__ import annotations

from pathlib import Path

import click

from practice.commands import options, parts


@click.command()
@click.argument("scenario_id", metavar="SCENARIO")
@options.as_json
@options.prompts
def show(scenario_id: str, as_json: bool, prompts_dir: Path) -> None:
    """Print a scenario in full."""
    from dataclasses import asdict

    from practice import scenarios as prompts
    from practice.output.scenario import print_scenario

    scenario = prompts.load(prompts_dir, scenario_id)
    if as_json:
        parts.emit_json(asdict(scenario))
        return
    print_scenario(parts.console(), scenario)
