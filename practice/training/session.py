"""Sessions at the microphone: show a line, record it, assess, store and show the attempt."""

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
from practice.assessment.pipeline import Assessor
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
    """One utterance of a session: a line of a scenario, by its number from 1.

    ``setting`` is the conversation, drill, exam or class that the step is a part of; None when
    single lines are practiced. ``is_last`` means that no step follows, whatever the result.
    """

    scenario: Scenario
    number: int
    setting: SessionContext | None = None
    is_last: bool = False

    @property
    def line(self) -> Line:
        """Line of the scenario that the step practices."""
        return self.scenario.lines[self.number - 1]

    @property
    def key(self) -> str:
        """Key of the step in ``SessionContext.steps``."""
        return f"{self.scenario.id}/{self.number}"


class Start(Enum):
    """Trainee's choice when a line is shown."""

    SPEAK = auto()
    SKIP = auto()
    QUIT = auto()


class Choice(Enum):
    """Trainee's choice after an attempt."""

    AGAIN = auto()
    NEXT = auto()
    QUIT = auto()


class Stage(Protocol):
    """User interface of a session."""

    def cue(self, step: Step) -> None:
        """Show the situation and the script of a line."""

    def wait_for_start(self, step: Step) -> Start:
        """Wait for the key that starts, skips or quits."""

    def watch(self, meter: Meter) -> Command:
        """Show the running recording, and return the command of the key pressed, if any."""

    def recorded(self, recorded: Recorded) -> None:
        """Show how the recording ended; the assessment begins."""

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Show an assessed attempt; ``previous`` is the scored one before it at the line."""

    def observe(self, items: tuple[str, ...], observer: str) -> tuple[Observation, ...]:
        """Ask the observer which body standards they saw; the observer may leave any out."""

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Ask what to do after an attempt; without ``retries``, AGAIN is not offered."""


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that the attempts of one session share.

    ``id`` groups the attempts. ``observer`` is the name of the person who watches the body
    standards, if any.
    """

    id: str
    trainee: Trainee
    folder: Path
    store: Store
    judge: Assessor
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
        """Create the record of an attempt that is about to be recorded or read from a file.

        Args:
            take: Number of the attempt at the line in this session, from 1.
            source: ``microphone`` or ``file``.
            suffix: File name extension of the recording, with the dot.
            device: Name of the microphone.
            with_audio: False if no recording is stored.
        """
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


def practice_steps(
    session: Session,
    steps: Iterable[Step],
    microphone: Microphone,
    stage: Stage,
    *,
    retries: bool = True,
) -> list[Attempt]:
    """Practice the steps, each as often as the trainee likes.

    Args:
        steps: The steps. Each is requested when the one before it is over, because it may depend
            on the trainee's choices.
        retries: False to end a step with its first scored attempt.

    Returns:
        The last attempt at each step that has one.
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
    """Record, assess, store and show one attempt.

    Returns:
        The attempt, or None if it was discarded; and True if Ctrl-C ended it.
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
                session,
                replace(take, overflows=recorded.overflows),
                stage.result,
                cut_off=recorded.ending is Ending.DEVICE_LOST,
                # After Ctrl-C there are no more questions.
                observe=None if is_interrupted else partial(_observe, session, stage),
            )
    except DeviceError:  # the recording never began, so nothing can be recovered later
        takes.discard(session.folder, take, with_audio=True)
        raise
    return attempt, is_interrupted


def _observe(session: Session, stage: Stage, attempt: Attempt) -> Attempt:
    """Store what the observer, if any, saw of the body standards in a scored attempt."""
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
    session: Session,
    take: Take,
    show: Callable[[Attempt, Attempt | None], None],
    *,
    cut_off: bool = False,
    observe: Callable[[Attempt], Attempt] | None = None,
) -> Attempt:
    """Assess an attempt whose recording is in the recordings folder, store it, then show it.

    Args:
        show: Called with the attempt and the previous scored attempt at the line, if any.
        cut_off: True if the recording broke off by itself; it is then not scored.
        observe: Called before ``show``, so that the observer judges the body standards before
            seeing a verdict.
    """
    clip = audio.read(session.folder / (take.audio or ""))
    assessment = session.judge.assess(clip, take.spec, cut_off=cut_off)
    session.store.add(take, assessment)
    attempt = Attempt(take, assessment)
    if observe is not None:
        attempt = observe(attempt)
    show(attempt, session.store.previous(take))
    return attempt


def steps_of(scenario: Scenario, line: int | None) -> list[Step]:
    """Return the steps of all lines of a scenario, or of one line.

    Args:
        line: Number of the line, from 1; None for all lines.

    Raises:
        PracticeError: The scenario has no such line.
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
