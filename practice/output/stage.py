"""Terminal interfaces of practice and exam: cue, level meter, result, and keys."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from blessed import Terminal
from blessed.keyboard import Keystroke
from rich.console import Console
from rich.live import Live
from rich.text import Text

from practice.audio.recorder import Command, Ending, Meter, Recorded
from practice.audio.signal_check import Samples
from practice.i18n import gettext as _
from practice.output.as_json import attempt_to_dict
from practice.output.attempt import print_attempt
from practice.output.comparison import Compare, compare_and_print
from practice.output.layout import say, width_of, wrap
from practice.output.wording import reason_text
from practice.records.attempt import Attempt, Mode
from practice.records.review import Observation
from practice.records.scenario import Branch, Line
from practice.text import visible
from practice.training.session import Choice, Start, Step

if TYPE_CHECKING:
    from practice.training.playback import Playback

T = TypeVar("T")

_ENTER, _QUIT = ("KEY_ENTER", " "), ("q", "KEY_ESCAPE")
_METER_CELLS = 20
_BESIDE_METER_CELLS = 64  # text before and after the meter, in the longer language
_SETTLE_S = 0.4
_METER_FLOOR_DBFS = -60.0


class TerminalStage:
    """Terminal interface that shows a session and reads single keys.

    Args:
        console: Console to print to.
        explain: Print the details of the scoring of each attempt.
        emit: Function that receives each attempt as a JSON object in one line.
        voices: Playback of recordings; without it, nothing is played.
        beside: Function that compares an attempt with its reference recording.
    """

    def __init__(
        self,
        console: Console,
        *,
        explain: bool = False,
        emit: Callable[[str], None] | None = None,
        voices: Playback | None = None,
        beside: Compare | None = None,
    ) -> None:
        self._console = console
        self._explain = explain
        self._emit = emit
        self._voices = voices
        self._beside = beside
        self._attempt: Attempt | None = None
        self._swaps_tried: set[str] = set()
        # Read keys from the terminal that shows the session: stderr if stdout is a file.
        self._keys = Terminal(stream=sys.__stderr__ if console.stderr else sys.__stdout__)
        self._live: Live | None = None
        self._while_recording = ExitStack()

    def cue(self, step: Step) -> None:
        """Show the situation and the script of a line."""
        line = step.line
        console = self._console
        self._attempt = None
        console.print()
        say(console, f"{step.scenario.title}{_place(step)}", "bold")
        say(console, _("Situation: {cue}").format(cue=line.cue), indent=2)
        if line.customer:
            say(console, _("Customer: “{words}”").format(words=line.customer), indent=2)
        if line.instead_of:
            say(console, _("Do not say: {phrase}").format(phrase=line.instead_of), "red", indent=2)
            if step.key not in self._swaps_tried:
                self._swaps_tried.add(step.key)
                say(console, _("Say it properly, in your own words."), "bold cyan", indent=2)
                return
        self.show_script(step)

    def show_script(self, step: Step) -> None:
        """Show the script of a line and the required posture."""
        _say_posture(self._console, step.line)
        script = _("Say: {script}").format(script=step.line.script)
        say(self._console, script, "bold cyan", indent=2)

    def branch(self, branch: Branch) -> None:
        """Show the branch that a conversation takes."""
        self._console.print()
        say(self._console, f"→ {branch.when}", "bold")

    def choose_branch(self, ways: tuple[Branch, ...]) -> Branch | None:
        """Let the trainee choose the branch of a conversation; None ends it."""
        self._console.print()
        say(self._console, _("How does the conversation continue?"), "bold")
        for number, way in enumerate(ways, 1):
            say(self._console, f"  {number}: {way.when}", indent=5)
        say(self._console, _("1 to {n}: choose   Q: quit").format(n=len(ways)), "dim")
        keys = {0: _QUIT} | {number: (str(number),) for number in range(1, len(ways) + 1)}
        pressed = self.choose(keys)
        return ways[pressed - 1] if pressed else None

    def wait_for_start(self, step: Step) -> Start:
        """Wait until the trainee starts an attempt, skips the line, or quits."""
        if self._voices is not None:
            self.hear(self._voices.customer(step))
        if step.is_last:
            offer = _("Enter or Space: speak   Q: quit")
            return self._choose_or_listen({Start.SPEAK: _ENTER, Start.QUIT: _QUIT}, offer, step)
        offer = _("Enter or Space: speak   N: skip   Q: quit")
        keys = {Start.SPEAK: _ENTER, Start.SKIP: ("n",), Start.QUIT: _QUIT}
        return self._choose_or_listen(keys, offer, step)

    def watch(self, meter: Meter) -> Command:
        """Update the level meter and return the command of the key pressed, if any."""
        if self._live is None:
            self._while_recording.enter_context(self._keys.cbreak())
            self._live = self._while_recording.enter_context(
                Live(console=self._console, auto_refresh=False, transient=True)
            )
            self._drain()
            if self._console.is_dumb_terminal:  # no meter there
                say(self._console, _("Recording: speak now."))
        self._live.update(_meter_line(meter, self._console.width), refresh=True)
        key = self._keys.inkey(timeout=0, esc_delay=0.05)
        if key and _is(key, _ENTER):
            return Command.STOP
        if key and _is(key, ("KEY_ESCAPE",)):
            return Command.DISCARD
        return Command.GO_ON

    def recorded(self, recorded: Recorded) -> None:
        """Remove the meter and show how the recording ended; the assessment follows."""
        self.close()
        if recorded.ending is Ending.DISCARDED:
            say(self._console, _("Discarded."))
            return
        if recorded.ending is Ending.LIMIT:
            say(self._console, _("Time is up."), "yellow")
        say(
            self._console,
            _("{seconds:.1f} s recorded; transcribing …").format(seconds=recorded.seconds),
        )

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Show an assessed attempt, compared with the previous one and the reference."""
        self._attempt = attempt
        self._console.print()
        print_attempt(self._console, attempt, previous, explain=self._explain)
        if self._beside is not None:
            compare_and_print(self._console, self._beside, attempt, explain=self._explain)
        if self._emit:
            self._emit(json.dumps(attempt_to_dict(attempt), ensure_ascii=False))

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Ask what to do after an attempt; only with ``retries`` can it be repeated."""
        self.settle()
        go_on = _("finish") if step.is_last else _("next line")
        keys: dict[Choice, tuple[str, ...]] = {Choice.NEXT: _ENTER, Choice.QUIT: _QUIT}
        offer = _("Enter: {go_on}   Q: quit").format(go_on=go_on)
        if retries:
            keys[Choice.AGAIN] = ("r",)
            offer = _("R: again   {others}").format(others=offer)
        return self._choose_or_listen(keys, offer, step)

    def observe(self, items: tuple[str, ...], observer: str) -> tuple[Observation, ...]:
        """Ask an observer to rate the posture, item by item.

        Args:
            items: Items of posture to rate.
            observer: Name of the observer.

        Returns:
            The items rated; items that were not observed are left out.
        """
        self.settle()
        console = self._console
        offer = _("{name}, rate the posture. Y: done   N: not done   Enter: not observed")
        console.print()
        say(console, offer.format(name=observer), "bold")
        answers = {True: _("done"), False: _("not done"), None: _("not observed")}
        found = []
        for item in items:
            question = "  " + visible(_("{item}?").format(item=item))
            console.print(Text(wrap(question, width_of(console) - 12, 4) + " "), end="")
            seen = self.choose({True: ("y",), False: ("n",), None: _ENTER})
            console.print(Text(answers[seen]))
            if seen is not None:
                found.append(Observation(item, seen))
        return tuple(found)

    def settle(self) -> None:
        """Discard keys that were still meant for the recording that just ended."""
        with self._keys.cbreak():
            time.sleep(_SETTLE_S)
            self._drain()

    def hear(self, samples: Samples | None) -> None:
        """Play samples, if there are any, until they end or a key is pressed."""
        if samples is None or self._voices is None:
            return
        say(self._console, _("Playing … Press any key to stop."), "dim")
        with self._keys.cbreak():
            self._drain()
            self._voices.play(samples, lambda: bool(self._keys.inkey(timeout=0, esc_delay=0.0)))
            self._drain()

    def choose(self, keys: Mapping[T, tuple[str, ...]]) -> T:
        """Wait for a key and return the choice it belongs to.

        Args:
            keys: Key names by choice.
        """
        with self._keys.cbreak():
            while True:
                key = self._keys.inkey(esc_delay=0.05)
                for choice, names in keys.items():
                    if _is(key, names):
                        return choice

    def close(self) -> None:
        """Remove the meter from the screen and restore the keyboard mode."""
        self._while_recording.close()
        self._live = None

    def _choose_or_listen(self, keys: Mapping[T, tuple[str, ...]], offer: str, step: Step) -> T:
        """Wait for a choice other than listening; for listening, play and ask again."""
        recordings: list[Callable[[], Samples | None]] = []
        if (voices := self._voices) is not None:
            # In an exam, the reference recording would give the script away.
            is_exam = step.setting is not None and step.setting.mode is Mode.EXAM
            if not is_exam and voices.has_reference(step):
                recordings.append(partial(voices.model, step))
            if self._attempt is not None:
                recordings.append(partial(voices.own, self._attempt))
        offered: dict[T | None, tuple[str, ...]] = dict(keys.items())
        if recordings:
            offered[None] = ("l",)
            offer = _("L: listen   {others}").format(others=offer)
        while True:
            say(self._console, offer, "dim")
            chosen = self.choose(offered)
            if chosen is not None:
                return chosen
            for recording in recordings:
                self.hear(recording())

    def _drain(self) -> None:
        # A key pressed too early or twice is not meant for the next prompt.
        while self._keys.inkey(timeout=0, esc_delay=0.0):
            pass


def _say_posture(console: Console, line: Line) -> None:
    """Show the required posture, with several items on a line each."""
    items = line.body_items
    if len(items) == 1:
        say(console, _("Posture: {body}").format(body=items[0]), "dim", indent=2)
    elif items:
        say(console, _("Posture:"), "dim")
        for item in items:
            say(console, f"  - {item}", "dim", indent=4)


def _place(step: Step) -> str:
    """Format the position of a step; the length of a conversation is not known in advance."""
    if step.setting is None:
        count = len(step.scenario.lines)
        return f" {step.number}/{count}" if count > 1 else ""
    if step.setting.mode is Mode.CONVERSATION:
        return " " + _("line {n}").format(n=len(step.setting.steps))
    return f" {step.setting.steps.index(step.key) + 1}/{len(step.setting.steps)}"


def _is(key: Keystroke, names: tuple[str, ...]) -> bool:
    if not key:  # no key was pressed
        return False
    if key.is_sequence:
        return key.name in names
    # A terminal may send Enter as a plain line end.
    plain = "KEY_ENTER" if key in "\r\n" else str(key).lower()
    return plain in names


def _meter_line(meter: Meter, width: int) -> Text:
    cells = min(_METER_CELLS, max(4, width - _BESIDE_METER_CELLS))
    level = _METER_FLOOR_DBFS if meter.level_dbfs is None else meter.level_dbfs
    share = min(1.0, max(0.0, 1 - level / _METER_FLOOR_DBFS))
    filled = round(share * cells)
    line = Text(_("REC"), style="bold red")
    line.append(f" {meter.seconds:4.1f} s [", style="default")
    line.append("#" * filled, style="green" if share < 0.9 else "red")
    line.append("-" * (cells - filled), style="dim")
    line.append("] ", style="default")
    if not meter.seconds:
        line.append(_("one moment"), style="dim")
    elif meter.is_clipping:
        line.append(_("too loud"), style="bold red")
    elif not meter.is_armed:
        line.append(_("speak now"), style="bold")
    else:
        line.append(_("listening"), style="default")
    line.append("  " + _("Enter: stop  Esc: discard"), style="dim")
    return line


class ExamStage(TerminalStage):
    """Terminal interface for lines said from memory, without results."""

    def show_script(self, step: Step) -> None:
        """Show nothing: in an exam, only the situation and the customer's words are shown."""

    def wait_for_start(self, step: Step) -> Start:
        """Wait for a key; ask for confirmation before ending the exam."""
        start = super().wait_for_start(step)
        if start is not Start.QUIT:
            return start
        text = _("End the exam? Remaining lines count as not said.   Y: end   N: continue")
        say(self._console, text, "yellow")
        is_over = self.choose({True: ("y",), False: ("n", "KEY_ENTER", "KEY_ESCAPE")})
        return Start.QUIT if is_over else self.wait_for_start(step)

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Confirm that an attempt was saved, or show why it could not be scored."""
        reason = attempt.assessment.score.reason
        if reason is None:
            say(self._console, _("Saved."))
            return
        say(self._console, _("NOT SCORED"), "bold yellow")
        say(self._console, reason_text(attempt.assessment.check, reason))

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Go on without asking: repeat the line if its attempt was not scored."""
        self.settle()
        return Choice.AGAIN if retries else Choice.NEXT
