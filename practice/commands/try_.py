"""``practice try``: judge a typed sentence by its text alone, for authors of scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice.commands import context, options
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.score import Score


@click.command("try")
@click.argument("words", nargs=-1, metavar="[SCENARIO] [LINE] [SENTENCE]")
@click.option(
    "--file",
    "rows",
    type=options.FILE,
    help=_("File of JSON rows with scenario, line and text; each is judged."),
)
@options.as_json
@options.prompts
def try_(words: tuple[str, ...], rows: Path | None, as_json: bool, prompts_dir: Path) -> None:
    """Print the result, what was missed, and banned phrases; nothing is stored."""
    from practice import scenarios as prompts
    from practice.output.attempt import print_score
    from practice.scoring.score import score_transcript

    banned, accepted = prompts.load_banned(prompts_dir), prompts.load_words(prompts_dir)
    load = cache(prompts.load)
    tried = _read(rows) if rows and not words else [_parse(words)]
    for row in tried:
        scenario = load(prompts_dir, row["scenario"])
        if not 1 <= row["line"] <= len(scenario.lines):
            message = _("The scenario “{id}” has no line {line}; it has {n}.")
            raise PracticeError(
                message.format(id=scenario.id, line=row["line"], n=len(scenario.lines))
            )
        line = scenario.lines[row["line"] - 1]
        score = score_transcript(line, row["text"], banned, accepted)
        if as_json:
            context.emit_json(row | _to_dict(score))
            continue
        if rows:
            click.echo(f"{row['scenario']}/{row['line']}  {row['text']}")
        print_score(context.console(), score)


def _parse(words: tuple[str, ...]) -> dict[str, Any]:
    match words:
        case (scenario_id, text):
            return {"scenario": scenario_id, "line": 1, "text": text}
        case (scenario_id, number, text) if number.isdecimal():
            return {"scenario": scenario_id, "line": int(number), "text": text}
    raise click.UsageError(
        _("Give a scenario, the number of its line, and a sentence in quotes, or only --file.")
    )


def _read(path: Path) -> Iterator[dict[str, Any]]:
    from pydantic import BaseModel, ValidationError

    from practice.training.batch import json_lines

    class Row(BaseModel, extra="allow"):
        scenario: str
        line: int = 1
        text: str

    for number, text in json_lines(path):
        try:
            yield Row.model_validate_json(text, strict=True).model_dump()
        except ValidationError:
            message = _("{path}:{line}: not a JSON object with scenario, line and text.")
            raise PracticeError(message.format(path=path, line=number)) from None


def _to_dict(score: Score) -> dict[str, Any]:
    from practice.records.score import Verdict

    missed = score.with_verdict(Verdict.MISSED)
    return {
        "passed": bool(score.passed),
        "score": score.total,
        "missing": [e.name for e in missed if e.required],
        "kinds": [e.kind for e in missed if e.required],
        "banned": [hit.phrase for hit in score.banned],
    }
