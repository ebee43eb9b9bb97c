"""A run at the microphone: for each step show the line, record it, judge it, keep it, tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from practice.assessment.early import EarlyAssessment
from practice.assessment.pipeline import Judge
from practice.audio import clip as audio
from practice.audio.recorder import Command, Ending, Meter, Microphone, Recorded
from practice.errors import DeviceError, PracticeError
from practice.i18n import gettext as _
from practice.records.attempt import Attempt, SessionContext, Take, Trainee
from practice.records.review import Observation, Review
from practice.records.scenario import Line, Scenario
from practice.store import Store
from practice.store import recordings as takes
from practice.store.database import now


@dataclass(frozen=True, slots=True)
class Step:
    """One utterance of a run: a line of a scenario by its number, from 1.

    ``setting`` is the whole that it is a part of, where the run is more than practicing
    lines. ``is_last``: nothing follows, whatever comes of it.
    """

    scenario: Scenario
    number: int
    setting: SessionContext | None = None
    is_last: bool = False

    @property
    def line(self) -> Line:
        """What is to be said."""
        return self.scenario.lines[self.number - 1]

    @property
    def key(self) -> str:
        """How the step is called among the steps of its setting."""
        return f"{self.scenario.id}/{self.number}"


class Start(Enum):
    """What the trainee does with a line that is shown."""

    SPEAK = auto()
    SKIP = auto()
    QUIT = auto()


class Choice(Enum):
    """What the trainee wants after a take."""

    AGAIN = auto()
    NEXT = auto()
    QUIT = auto()


class Stage(Protocol):
    """What the trainee sees and presses during a run."""

    def cue(self, step: Step) -> None:
        """Show the situation and the script of a line."""

    def wait_for_start(self, step: Step) -> Start:
        """Wait for the key that starts a take, or for another one."""

    def watch(self, meter: Meter) -> Command:
        """Show the running recording, and say what key was pressed."""

    def recorded(self, recorded: Recorded) -> None:
        """Tell how the recording ended; the judging begins."""

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Show a judged take."""

    def observe(self, items: tuple[str, ...], observer: str) -> tuple[Observation, ...]:
        """Ask somebody who watched which body standards they saw; they may leave any out."""

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Ask what to do after a take; without ``retries`` there is no saying it again."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a run works with. ``id`` groups its takes; ``observer`` is who watches, if any."""

    id: str
    trainee: Trainee
    folder: Path
    store: Store
    judge: Judge
    observer: str | None = None

    def new_take(
        self,
        step: Step,
        take: int,
        *,
        source: str,
        suffix: str,
        device: str = "",
        with_audio: bool = True,
    ) -> Take:
        """Describe a take that is about to be made."""
        take_id, created_at = str(uuid4()), now()
        return Take(
            id=take_id,
            session=self.id,
            created_at=created_at,
            trainee=self.trainee,
            scenario=step.scenario.id,
            title=step.scenario.title,
            prompt_sha256=step.scenario.sha256,
            line=step.number,
            take=take,
            spec=step.line,
            audio=takes.audio_name(take_id, created_at, suffix) if with_audio else None,
            source=source,
            device=device,
            setting=step.setting,
        )


def practise(
    session: Session,
    steps: Iterable[Step],
    microphone: Microphone,
    stage: Stage,
    *,
    retries: bool = True,
) -> list[Attempt]:
    """Walk through steps, each as often as the trainee likes; give the last take of each.

    The steps are asked for one by one: what comes next may depend on what was chosen.
    Without ``retries`` the first take that is scored is the only one.
    """
    kept: list[Attempt] = []
    for step in steps:
        take = 0
        last: Attempt | None = None
        choice = Choice.AGAIN
        while choice is Choice.AGAIN:
            stage.cue(step)
            start = stage.wait_for_start(step)
            if start is Start.SPEAK:
                take += 1
                attempt, is_interrupted = _record_one(session, step, take, microphone, stage)
                last = attempt or last
                choice = (
                    Choice.QUIT
                    if is_interrupted
                    else stage.ask_next(step, retries=retries or not _is_scored(attempt))
                )
            else:
                choice = Choice.NEXT if start is Start.SKIP else Choice.QUIT
        if last is not None:
            kept.append(last)
        if choice is Choice.QUIT:
            break
    return kept


def _is_scored(attempt: Attempt | None) -> bool:
    return attempt is not None and attempt.assessment.score.reason is None


def _record_one(
    session: Session, step: Step, number: int, microphone: Microphone, stage: Stage
) -> tuple[Attempt | None, bool]:
    """Record, judge, store and show one take; say also whether Ctrl-C ended it.

    A take that was discarded gives no attempt.
    """
    take = session.new_take(
        step, number, source="microphone", suffix=".wav", device=microphone.device.name
    )
    path = takes.audio_path(session.folder, take.audio or "")
    try:
        with (
            takes.pending(session.folder, take),
            closing(EarlyAssessment(session.judge, path, step.line)) as ahead,
        ):

            def watch(meter: Meter) -> Command:
                ahead.watch(meter)
                return stage.watch(meter)

            recorded = microphone.record(path, watch)
            is_interrupted = recorded.ending is Ending.INTERRUPTED
            stage.recorded(recorded)
            if recorded.ending is Ending.DISCARDED:
                path.unlink(missing_ok=True)
                return None, False
            attempt = keep_and_show(
                session.folder,
                session.store,
                session.judge,
                replace(take, overflows=recorded.overflows),
                stage.result,
                cut_off=recorded.ending is Ending.DEVICE_LOST,
                # After Ctrl-C nobody is asked any more.
                observe=None if is_interrupted else partial(_observe, session, stage),
            )
    except DeviceError:  # it never began: nothing is there to be offered later
        takes.discard(session.folder, take, with_audio=True)
        raise
    return attempt, is_interrupted


def _observe(session: Session, stage: Stage, attempt: Attempt) -> Attempt:
    """Keep with a scored take what somebody saw of the body standards, where one watches."""
    items = attempt.take.spec.body_items
    if not session.observer or not items or attempt.assessment.score.reason is not None:
        return attempt
    seen = stage.observe(items, session.observer)
    if not seen:
        return attempt
    review = Review(str(uuid4()), now(), session.observer, observations=seen, watched_only=True)
    session.store.add_review(attempt.take.id, review)
    return replace(attempt, review=review)


def keep_and_show(
    folder: Path,
    store: Store,
    judge: Judge,
    take: Take,
    show: Callable[[Attempt, Attempt | None], None],
    *,
    cut_off: bool = False,
    observe: Callable[[Attempt], Attempt] | None = None,
) -> Attempt:
    """Judge a take whose audio is in the recordings folder; store it, then show it.

    ``observe`` is asked in between, so that no verdict is seen before the body is judged.
    """
    assessment = judge.assess(audio.read(folder / (take.audio or "")), take.spec, cut_off=cut_off)
    store.add(take, assessment)
    attempt = Attempt(take, assessment)
    if observe is not None:
        attempt = observe(attempt)
    show(attempt, store.previous(take))
    return attempt


def steps_of(scenario: Scenario, line: int | None) -> list[Step]:
    """The lines of a scenario in a row, or one of them, counted from 1.

    Raises PracticeError where the scenario has no such line.
    """
    count = len(scenario.lines)
    if line is None:
        return [Step(scenario, number, is_last=number == count) for number in range(1, count + 1)]
    if line > count:
        raise PracticeError(
            _("{scenario} has no line {line}. Choose one from 1 to {n}.").format(
                scenario=scenario.id, n=count, line=line
            )
        )
    return [Step(scenario, line, is_last=True)]
