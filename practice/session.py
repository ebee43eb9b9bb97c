"""One practice run at the microphone: show a line, record it, judge it, keep it, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from practice import takes
from practice.assess import Judge
from practice.core.models import Attempt, Scenario, Take, Trainee
from practice.errors import DeviceError, PracticeError
from practice.i18n import gettext as _
from practice.speech import audio
from practice.speech.recorder import Command, Ending, Meter, Microphone, Recorded
from practice.store import Store
from practice.store.database import now


class Choice(Enum):
    """What the trainee wants after a take."""

    AGAIN = auto()
    NEXT = auto()
    QUIT = auto()


class Stage(Protocol):
    """What the trainee sees and presses during a run."""

    def cue(self, scenario: Scenario, number: int) -> None:
        """Show the situation and the script of a line."""

    def wait_for_start(self) -> bool:
        """Wait for the key that starts a take; False ends the run."""

    def watch(self, meter: Meter) -> Command:
        """Show the running recording, and say what key was pressed."""

    def recorded(self, recorded: Recorded) -> None:
        """Tell how the recording ended; the judging begins."""

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Show a judged take."""

    def ask_next(self, has_next: bool) -> Choice:
        """Ask what to do after a take."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a run works with. ``id`` groups its takes."""

    id: str
    trainee: Trainee
    scenario: Scenario
    folder: Path
    store: Store
    judge: Judge

    def new_take(
        self,
        number: int,
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
            scenario=self.scenario.id,
            title=self.scenario.title,
            prompt_sha256=self.scenario.sha256,
            line=number,
            take=take,
            spec=self.scenario.lines[number - 1],
            audio=takes.audio_name(take_id, created_at, suffix) if with_audio else None,
            source=source,
            device=device,
        )


def practise(
    session: Session, numbers: Sequence[int], microphone: Microphone, stage: Stage
) -> None:
    """Walk through lines of a scenario, each as often as the trainee likes."""
    for place, number in enumerate(numbers):
        take = 0
        choice = Choice.AGAIN
        while choice is Choice.AGAIN:
            stage.cue(session.scenario, number)
            if not stage.wait_for_start():
                return
            take += 1
            interrupted = _record_one(session, number, take, microphone, stage)
            if interrupted:
                return
            choice = stage.ask_next(has_next=place + 1 < len(numbers))
        if choice is Choice.QUIT:
            return


def _record_one(
    session: Session, number: int, take_number: int, microphone: Microphone, stage: Stage
) -> bool:
    """Record, judge, store and show one take; say whether Ctrl-C ended it."""
    take = session.new_take(
        number, take_number, source="microphone", suffix=".wav", device=microphone.device.name
    )
    path = takes.audio_path(session.folder, take.audio or "")
    try:
        with takes.announced(session.folder, take):
            recorded = microphone.record(path, stage.watch)
            stage.recorded(recorded)
            if recorded.ending is Ending.DISCARDED:
                path.unlink(missing_ok=True)
                return False
            keep_and_show(
                session.folder,
                session.store,
                session.judge,
                replace(take, overflows=recorded.overflows),
                stage.result,
                cut_off=recorded.ending is Ending.DEVICE_LOST,
            )
    except DeviceError:  # it never began: nothing is there to be offered later
        takes.strike_off(session.folder, take, with_audio=True)
        raise
    return recorded.ending is Ending.INTERRUPTED


def keep_and_show(
    folder: Path,
    store: Store,
    judge: Judge,
    take: Take,
    show: Callable[[Attempt, Attempt | None], None],
    *,
    cut_off: bool = False,
) -> Attempt:
    """Judge a take whose audio is in the recordings folder; store it, then show it."""
    assessment = judge.assess(audio.read(folder / (take.audio or "")), take.spec, cut_off=cut_off)
    store.add(take, assessment)
    attempt = Attempt(take, assessment)
    show(attempt, store.previous(take))
    return attempt


def line_numbers(scenario: Scenario, line: int | None) -> list[int]:
    """The lines to walk, counted from 1: one of them, or all.

    Raises PracticeError where the scenario has no such line.
    """
    if line is None:
        return list(range(1, len(scenario.lines) + 1))
    if line > len(scenario.lines):
        raise PracticeError(
            _("{scenario} has no line {line}; its lines are 1 to {n}.").format(
                scenario=scenario.id, n=len(scenario.lines), line=line
            )
        )
    return [line]
