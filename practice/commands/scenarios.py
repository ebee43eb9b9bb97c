"""Commands for the scenario files: list, show, create, check, coverage and schema."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from practice.commands import context, options
from practice.errors import PromptError
from practice.i18n import gettext as _
from practice.i18n import ngettext
from practice.paths import checkout, default_prompts
from practice.records.kinds import ScenarioKind

if TYPE_CHECKING:
    from practice.output.scenarios import Best
    from practice.records.scenario import Scenario
    from practice.scenarios.books import Coverage


@click.command()
@options.prompts
def check(prompts_dir: Path) -> None:
    """Print every error; exit with 1 if there is one.

    A checkout's own scenarios are checked together with its message catalogs.
    """
    from practice import scenarios as prompts
    from practice.commands import catalogue
    from practice.output.layout import MAX_WIDTH, wrap
    from practice.output.scenarios import excerpt
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


@click.command()
def schema() -> None:
    """Print the schema."""
    from practice.scenarios.shapes import schema_text

    context.emit_line(schema_text().removesuffix("\n"))


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
        context.emit_json(asdict(scenario))
        return
    print_scenario(context.console(), scenario)


@click.command("list")
@options.kind(_("Only scenarios of this kind, like 送别."))
@options.as_json
@options.trainee
@options.group
@options.prompts
@options.records
def list_(
    kind: ScenarioKind | None,
    as_json: bool,
    trainee: str | None,
    group: str | None,
    prompts_dir: Path,
    records: options.Records,
) -> None:
    """Print one line per scenario; report files with mistakes on stderr."""
    gc.disable()  # the process ends before there is anything to collect

    from practice.output.scenarios import listing

    scenarios = [s for s in context.load_scenarios(prompts_dir) if kind is None or s.kind is kind]
    best = _best(scenarios, records, trainee, group)
    if as_json:
        context.emit_json(*(_to_dict(s, best.get(s.id)) for s in scenarios))
    else:
        for line in listing(scenarios, best):
            click.echo(line)
        click.echo()
        click.echo(_("To practice one: practice run ID"))


def _best(
    scenarios: Sequence[Scenario], records: options.Records, name: str | None, group: str | None
) -> dict[str, Best]:
    """Return the trainee's best results, without asking for a name or creating records."""
    trainee = context.known_trainee(name, group)
    store = context.find_store(records)
    if store is None:
        return {}
    from practice.output.scenarios import best_result
    from practice.store.history import PracticeHistory

    lines = PracticeHistory(store.database).best_of_lines(trainee)
    found = {s.id: best_result(len(s.lines), lines.get(s.id, ())) for s in scenarios}
    return {name: best for name, best in found.items() if best is not None}


def _to_dict(scenario: Scenario, best: Best | None) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "when": scenario.when,
        "kind": str(scenario.kind),
        "role": scenario.role,
        "source": scenario.source,
        "origin": scenario.origin,
        "lines": len(scenario.lines),
        "best": None if best is None else {"passed": best.passed, "score": best.total},
    }


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

    context.require_own_folder(prompts_dir)
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


@click.command()
@click.option("--markdown", is_flag=True, help=_("Print the page docs/coverage.md."))
@options.as_json
@options.prompts
def coverage(markdown: bool, as_json: bool, prompts_dir: Path) -> None:
    """Print one line per row of the standard; exit with 1 if a row has no scenario."""
    if markdown and as_json:
        raise click.UsageError(_("Give --markdown or --json, not both."))
    from practice import scenarios as prompts
    from practice.output.scenarios import coverage_page, coverage_to_dict
    from practice.scenarios.books import cover

    scenarios = context.load_scenarios(prompts_dir)
    rows = prompts.load_standard(prompts_dir)
    if not rows:
        raise PromptError(
            _(
                "{folder} has no rows of the service standard. List them in rules/standard.yaml."
            ).format(folder=prompts_dir)
        )
    table = cover(rows, scenarios)
    if as_json:
        context.emit_json(*map(coverage_to_dict, table))
    elif markdown:
        for line in coverage_page(table, scenarios):
            context.emit_line(line)
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
    context.console().print(shown)
