"""``practice drill``: practice the lines that are due again, by spaced repetition."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from practice.commands import context, live, options
from practice.errors import PromptError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.audio.recorder import Microphone
    from practice.output.stage import TerminalStage
    from practice.records.attempt import LineAttempt
    from practice.records.scenario import Scenario
    from practice.training.drill import Pick
    from practice.training.session import Session


@click.command()
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help=_("Number of lines."),
)
@click.option(
    "--plan",
    "only_plan",
    is_flag=True,
    help=_("Only list the chosen lines and why, without practicing."),
)
@options.microphone
@options.no_playback
@options.explain
@options.as_json
@options.desk
def drill(
    count: int,
    only_plan: bool,
    mic: options.Mic,
    no_playback: bool,
    explain: bool,
    as_json: bool,
    desk: options.Desk,
) -> None:
    """Pick the lines, print the plan and practice them."""
    from practice.output.results import pick_to_dict, print_plan

    now = datetime.now(UTC)
    scenarios = _scenarios(desk)
    if only_plan:
        picks = _pick(scenarios, _sayings(desk), now, count)
        if as_json:
            for pick in picks:
                context.emit_json(pick_to_dict(pick, now))
        else:
            print_plan(context.console(), picks, now)
        return
    from practice.output.stage import TerminalStage
    from practice.store.history import PracticeHistory

    microphone = live.open_microphone(mic)
    console = live.console(as_json=as_json)
    with context.open_session(desk, load_ahead=True) as session:
        line_attempts = PracticeHistory(session.store.database).line_attempts(session.trainee)
        picks = _pick(scenarios, line_attempts, now, count)
        print_plan(console, picks, now)
        emit = context.emit_line if as_json else None
        voices = (
            None if no_playback else context.playback(console, desk.prompts_dir, session.folder)
        )
        beside = context.compare_with_reference(session.store, session.judge, desk.prompts_dir)
        stage = TerminalStage(console, explain=explain, emit=emit, voices=voices, beside=beside)
        with closing(stage):
            _practise(console, session, picks, microphone, stage)


def _scenarios(desk: options.Desk) -> list[Scenario]:
    """Load the scenarios; report files with mistakes and leave them out."""
    from practice import scenarios as prompts

    scenarios, problems = prompts.load_all(desk.prompts_dir)
    for problem in problems:
        context.report_error(problem)
    return scenarios


def _sayings(desk: options.Desk) -> list[LineAttempt]:
    """Load the trainee's attempts at each line; create no records if there are none."""
    from practice.store import Store
    from practice.store.history import PracticeHistory

    trainee = context.resolve_trainee(desk.trainee, desk.group)
    if not Store.exists(desk.records.folder, desk.records.database):
        return []
    return PracticeHistory(context.open_store(desk.records).database).line_attempts(trainee)


def _pick(
    scenarios: list[Scenario], line_attempts: list[LineAttempt], now: datetime, count: int
) -> list[Pick]:
    from practice.training.drill import plan

    picks = plan(scenarios, line_attempts, now, count)
    if not picks:
        raise PromptError(_("There is no line to drill. Lines of conversations are not drilled."))
    return picks


def _practise(
    console: Console,
    session: Session,
    picks: list[Pick],
    microphone: Microphone,
    stage: TerminalStage,
) -> None:
    from practice.output.results import print_outcome
    from practice.records.attempt import Mode, SessionContext
    from practice.training.session import Step, practice_steps

    setting = SessionContext(Mode.DRILL, "", tuple(f"{p.scenario.id}/{p.number}" for p in picks))
    steps = [
        Step(pick.scenario, pick.number, setting, is_last=place == len(picks))
        for place, pick in enumerate(picks, 1)
    ]
    live.print_session(console, session, microphone)
    live.offer_interrupted(console, session, stage)
    attempts = practice_steps(session, steps, microphone, stage)
    if attempts:
        print_outcome(console, attempts)
