"""``practice run``: practice a scenario at the microphone or with recordings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import context, live, options
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from rich.console import Console

    from practice.output.comparison import Compare
    from practice.output.stage import TerminalStage
    from practice.records.attempt import Attempt
    from practice.records.scenario import Branch, Scenario
    from practice.training.conversation import Choose, ConversationPath
    from practice.training.session import Session, Step


@click.command()
@click.argument("scenario_id", metavar="SCENARIO")
@options.line
@options.recorded
@options.microphone
@click.option(
    "--branch",
    "branches",
    multiple=True,
    metavar="NAME",
    help=_("Branch to follow in a conversation, by the name of its line; repeat for each branch."),
)
@click.option("--choose", is_flag=True, help=_("Choose each branch yourself instead of at random."))
@click.option(
    "--observer",
    metavar="NAME",
    help=_("Trainer who observes and is asked about the posture."),
)
@options.stage
@options.practice_options
def run(
    scenario_id: str,
    line: int | None,
    files: tuple[Path, ...],
    mic: options.MicrophoneOptions,
    branches: tuple[str, ...],
    choose: bool,
    observer: str | None,
    shown: options.StageOptions,
    given: options.PracticeOptions,
) -> None:
    """Practice the lines, and print the conversation result if it is a conversation."""
    from practice import scenarios as prompts
    from practice.output.results import conversation_to_dict, print_conversation
    from practice.training.conversation import by_chance
    from practice.training.session import practice_steps

    if observer is not None:
        observer = context.require_name(observer)
    scenario = prompts.load(given.prompts_dir, scenario_id)
    is_whole = scenario.is_conversation and line is None
    if (branches or choose) and not is_whole:
        raise click.UsageError(
            _("{id} has no branches to choose here. Leave out --branch and --choose.").format(
                id=scenario_id
            )
        )
    if choose and (branches or files):
        raise click.UsageError(
            _(
                "--choose works only at the microphone, without --branch. Leave out --choose, or "
                "the other options."
            )
        )
    console = live.console(as_json=shown.as_json, at_microphone=not files)
    if files:
        walk, steps = _recorded_steps(scenario, line, branches, files)
        with context.open_session(given) as session:
            references = context.compare_with_reference(
                session.store, session.judge, given.prompts_dir
            )
            attempts = _run_files(console, session, steps, files, references, shown)
        if not attempts:
            raise SystemExit(1)
    else:
        microphone = live.open_microphone(mic, or_files=True)
        with (
            context.open_session(given, load_ahead=True) as session,
            live.open_stage(
                console, session.store, session.judge, given.prompts_dir, shown
            ) as stage,
        ):
            by = stage.choose_branch if choose else by_chance
            walk, path = _live_steps(scenario, line, branches, by, stage)
            live.print_session(console, session, microphone)
            _print_lines_to_redo(console, session, scenario)
            live.offer_interrupted(console, session, stage)
            watched = replace(session, observer=observer)
            attempts = practice_steps(watched, path, microphone, stage)
    if walk is not None and attempts:
        whole = walk.whole(attempts)
        if shown.as_json:
            context.emit_json(conversation_to_dict(scenario.id, whole))
        if not (shown.as_json and files):  # at the microphone it is printed on stderr too
            print_conversation(console, scenario.title, whole)


def _recorded_steps(
    scenario: Scenario, line: int | None, branches: tuple[str, ...], files: tuple[Path, ...]
) -> tuple[ConversationPath | None, list[Step]]:
    """Return one step per recording, and the path if the scenario is a conversation.

    Raises:
        PracticeError: There are more recordings than steps, or a branch is not named.
    """
    from practice.training.conversation import ConversationPath, as_named, must_be_named
    from practice.training.session import steps_of

    walk = None
    if scenario.is_conversation and line is None:
        walk = ConversationPath(scenario, as_named(scenario, branches, must_be_named(scenario)))
    path = iter(walk or steps_of(scenario, line))
    steps = list(islice(path, len(files)))
    with suppress(PracticeError):  # finish the path if it ends here; a branch may be unnamed
        next(path, None)
    if len(files) > len(steps):
        raise PracticeError(
            _(
                "Too many recordings for {scenario}: {files} given, lines: {n}. To score "
                "several attempts at one line, use `practice score`."
            ).format(files=len(files), n=len(steps), scenario=scenario.id)
        )
    return walk, steps


def _live_steps(
    scenario: Scenario,
    line: int | None,
    branches: tuple[str, ...],
    otherwise: Choose,
    stage: TerminalStage,
) -> tuple[ConversationPath | None, Iterable[Step]]:
    """Return the path, if the scenario is a conversation, and the steps; announce branches."""
    from practice.training.conversation import ConversationPath, as_named
    from practice.training.session import steps_of

    if not scenario.is_conversation or line is not None:
        return None, steps_of(scenario, line)
    decide = as_named(scenario, branches, otherwise)

    def choose(ways: tuple[Branch, ...]) -> Branch | None:
        way = decide(ways)
        if way is not None:
            stage.branch(way)
        return way

    walk = ConversationPath(scenario, choose)
    return walk, walk


def _run_files(
    console: Console,
    session: Session,
    steps: list[Step],
    files: tuple[Path, ...],
    references: Compare,
    shown: options.StageOptions,
) -> list[Attempt]:
    """Score the recordings one by one and print each result; report those that fail."""
    from practice.output.as_json import attempt_to_dict
    from practice.output.attempt import print_attempt
    from practice.output.comparison import compare_and_print
    from practice.output.layout import say
    from practice.output.wording import labelled
    from practice.training.batch import score_file

    attempts = []
    for step, path in zip(steps, files, strict=True):
        try:
            attempt = score_file(session, step, path, 1)
        except PracticeError as error:
            context.report_error(error)
            continue
        attempts.append(attempt)
        if shown.as_json:
            context.emit_json(attempt_to_dict(attempt))
            continue
        script = attempt.take.spec.script
        say(console, labelled(step.scenario.title, script), "bold")
        previous = session.store.previous(attempt.take)
        print_attempt(console, attempt, previous, explain=shown.explain)
        compare_and_print(console, references, attempt, explain=shown.explain)
        console.print()
    return attempts


def _print_lines_to_redo(console: Console, session: Session, scenario: Scenario) -> None:
    """Print which lines of the scenario the trainer sent back, with the comments."""
    from practice.output.layout import say
    from practice.store.people import People

    group = People(session.store.database).summaries(session.trainee.group)
    sent_back = [i for s in group if s.name == session.trainee.name for i in s.redo]
    for attempt in filter(None, map(session.store.find, sent_back)):
        if attempt.take.scenario != scenario.id or attempt.review is None:
            continue
        text = _("{trainer} asks you to redo this line: {script}")
        script = attempt.take.spec.script
        say(console, text.format(trainer=attempt.review.reviewer, script=script), "yellow")
        for comment in attempt.review.comments:
            say(console, f"  {comment.text}", indent=2)
