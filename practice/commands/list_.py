"""``practice list``: list the scenarios with the trainee's best results."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice.commands import options, parts
from practice.i18n import gettext as _
from practice.records.kinds import ScenarioKind

if TYPE_CHECKING:
    from practice.output.scenario_list import Best
    from practice.scenarios import Heading


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

    from practice import scenarios as prompts
    from practice.output.scenario_list import listing

    headings, problems = prompts.load_headings(prompts_dir)
    for problem in problems:
        parts.report_error(problem)
    headings = [h for h in headings if kind is None or h.kind is kind]
    best = _best(headings, records, trainee, group)
    if as_json:
        for heading in headings:
            parts.emit_json(_to_dict(heading, best.get(heading.id)))
    else:
        for line in listing(headings, best):
            click.echo(line)
        click.echo()
        click.echo(_("To practice one: practice run ID"))


def _best(
    headings: Sequence[Heading], records: options.Records, name: str | None, group: str | None
) -> dict[str, Best]:
    """Return the trainee's best results, without asking for a name or creating records."""
    from practice.output.scenario_list import best_result
    from practice.store import Store

    trainee = parts.known_trainee(name, group)
    if not Store.exists(records.folder, records.database):
        return {}
    from practice.store.best import best_of_lines

    lines = best_of_lines(parts.open_store(records).database, trainee)
    found = {h.id: best_result(h.lines, lines.get(h.id, ())) for h in headings}
    return {scenario: best for scenario, best in found.items() if best is not None}


def _to_dict(heading: Heading, best: Best | None) -> dict[str, Any]:
    return {
        "id": heading.id,
        "title": heading.title,
        "when": heading.when,
        "kind": str(heading.kind),
        "role": heading.role,
        "source": heading.source,
        "origin": heading.origin,
        "lines": heading.lines,
        "best": None if best is None else {"passed": best.passed, "score": best.total},
    }
