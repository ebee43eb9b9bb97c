"""``practice drill``: practice the lines that are due again, by spaced repetition."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from practice.commands import context, live, options
from practice.errors import PromptError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import LineAttempt
    from practice.records.scenario import Scenario
    from practice.training.drill import Pick


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
@options.stage
@options.practice_options
def drill(
    count: int,
    only_plan: bool,
    mic: options.MicrophoneOptions,
    shown: options.StageOptions,
    given: options.PracticeOptions,
) -> None:
    """Pick the lines, print the plan and practice them."""
    from practice.output.results import pick_to_dict, print_outcome, print_plan
    from practice.records.attempt import Mode
    from practice.store.history import PracticeHistory
    from practice.training.session import practice_steps

    now = datetime.now(UTC)
    scenarios = context.load_scenarios(given.prompts_dir)
    if only_plan:
        trainee = context.resolve_trainee(given.trainee, given.group)
        store = context.find_store(given.records)
        history = PracticeHistory(store.database).line_attempts(trainee) if store else []
        picks = _pick(scenarios, history, now, count)
        if shown.as_json:
            context.emit_json(*(pick_to_dict(pick, now) for pick in picks))
        else:
            print_plan(context.console(), picks, now)
        return
    microphone = live.open_microphone(mic)
    console = live.console(as_json=shown.as_json)
    with context.open_session(given, load_ahead=True) as session:
        history = PracticeHistory(session.store.database).line_attempts(session.trainee)
        picks = _pick(scenarios, history, now, count)
        print_plan(console, picks, now)
        steps = live.steps_of_lines([(p.scenario, p.number) for p in picks], Mode.DRILL)
        with live.open_stage(
            console, session.store, session.judge, given.prompts_dir, shown
        ) as stage:
            live.print_session(console, session, microphone)
            live.offer_interrupted(console, session, stage)
            attempts = practice_steps(session, steps, microphone, stage)
            if attempts:
                print_outcome(console, attempts)


def _pick(
    scenarios: list[Scenario], line_attempts: list[LineAttempt], now: datetime, count: int
) -> list[Pick]:
    from practice.training.drill import plan

    picks = plan(scenarios, line_attempts, now, count)
    if not picks:
        raise PromptError(_("There is no line to drill. Lines of conversations are not drilled."))
    return picks
