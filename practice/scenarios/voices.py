"""Voice files in the scenarios' folder: the customers' words and reference recordings.

``farewell.1.wav`` is what the customer says before the first line of the scenario
``farewell``; ``farewell.1.model.wav`` is the reference recording of that line. Ids have no
dots, so the name identifies the line.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile

from practice.audio import clip as audio
from practice.audio.signal_check import Samples
from practice.errors import AudioError, PromptError, system_reason
from practice.i18n import gettext as _
from practice.scenarios.folder import load, scenario_ids
from practice.scenarios.yaml_file import Problem

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
"""Suffixes of voice files. If a line has several files, the first of these is played."""

_NAME = re.compile(r"(?P<scenario>[^.]+)\.(?P<line>[1-9][0-9]*)(?P<model>\.model)?")


class Role(StrEnum):
    """The speaker of a voice file: the customer, or the trainer for reference recordings."""

    CUSTOMER = "customer"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Voice:
    """The line (from 1) of a scenario that a voice file belongs to, and its speaker."""

    scenario: str
    line: int
    role: Role

    @property
    def stem(self) -> str:
        """The name of the file without its suffix."""
        model = ".model" if self.role is Role.MODEL else ""
        return f"{self.scenario}.{self.line}{model}"


def named(path: Path) -> Voice | None:
    """Return the voice that a file's name denotes, or None if it denotes none."""
    found = _NAME.fullmatch(path.stem)
    if found is None:
        return None
    role = Role.MODEL if found["model"] else Role.CUSTOMER
    return Voice(found["scenario"], int(found["line"]), role)


def all_in(folder: Path) -> dict[Voice, Path]:
    """Return all voices in a folder of scenarios, each with the file that is played."""
    found: dict[Voice, Path] = {}
    for path in _sounds(folder):
        voice = named(path)
        if voice is not None:
            found.setdefault(voice, path)
    return found


def find(folder: Path, voice: Voice) -> Path | None:
    """Return the file that is played for a voice, or None."""
    return all_in(folder).get(voice)


def files_of(folder: Path, scenario_id: str, role: Role, line: int | None) -> list[Path]:
    """Return the files of one role in a scenario, including those that are never played.

    Args:
        folder: Folder of the scenarios.
        scenario_id: Id of the scenario.
        role: Speaker of the files.
        line: Line (from 1) of the files; None for all lines.
    """
    return [
        path
        for path in _sounds(folder)
        if (voice := named(path))
        and (voice.scenario, voice.role) == (scenario_id, role)
        and line in (None, voice.line)
    ]


def read(path: Path) -> Samples:
    """Read a voice. Raises AudioError if it is unreadable, silent, or over a minute long."""
    clip = audio.read(path)
    message = _mistake(clip)
    if message:
        raise AudioError(str(Problem(path, 1, message)))
    return clip.samples


def part_of(folder: Path, voice: Voice) -> Path:
    """Create the temporary file of a voice, which ``keep`` moves into place.

    Raises:
        AudioError: The folder cannot be written.
    """
    part = folder / f".{voice.stem}.wav.part"
    try:
        part.write_bytes(b"")
    except OSError as error:
        raise AudioError(_unwritable(folder, error)) from None
    return part


def trim(part: Path, start_s: float, end_s: float) -> None:
    """Cut a recording to a span of it, in place, as 16-bit WAV.

    Args:
        part: File to cut.
        start_s: Start of the span in seconds; less than 0 is 0.
        end_s: End of the span in seconds.
    """
    with part.open("rb") as raw:
        sound, rate_hz = soundfile.read(raw, dtype="int16")
    kept = sound[max(0, int(start_s * rate_hz)) : int(end_s * rate_hz)]
    with part.open("wb") as raw:
        soundfile.write(raw, kept, rate_hz, format="WAV", subtype="PCM_16")


def keep(folder: Path, voice: Voice, part: Path) -> Path:
    """Move a finished recording into place, and delete the files that it replaces.

    Args:
        folder: Folder of the scenarios.
        voice: Voice that was recorded.
        part: Its temporary file, from ``part_of``.

    Returns:
        Path of the recording.

    Raises:
        AudioError: The folder cannot be written.
    """
    path = folder / f"{voice.stem}.wav"
    earlier = files_of(folder, voice.scenario, voice.role, voice.line)
    try:
        # Anyone who may read the scenario may hear the recording.
        shutil.copymode(folder / f"{voice.scenario}.yaml", part)
        part.replace(path)
        for old in earlier:
            if not old.samefile(path):
                old.unlink()
    except OSError as error:
        raise AudioError(_unwritable(folder, error)) from None
    return path


def remove(path: Path) -> None:
    """Delete the file of a voice. Raises AudioError if that fails."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise AudioError(
            _("{path} cannot be removed: {why}.").format(path=path, why=system_reason(error))
        ) from None


def check(folder: Path) -> tuple[int, list[Problem]]:
    """Check all voice files of a folder; return their number and the problems."""
    paths = _sounds(folder)
    return len(paths), [*_misplaced(folder, paths), *_unheard(paths)]


def _sounds(folder: Path) -> list[Path]:
    """Return the audio files; of several for one voice, the one that is played comes first."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: (path.stem, SUFFIXES.index(path.suffix.lower()), path))


def _misplaced(folder: Path, paths: list[Path]) -> Iterator[Problem]:
    ids = set(scenario_ids(folder))
    line_count = cache(partial(_line_count, folder))
    first: dict[Voice, Path] = {}
    for path in paths:
        voice = named(path)
        if voice is None:
            message = _("the voice file belongs to no line. Name it like {example}.").format(
                example="farewell.1.wav, farewell.1.model.wav"
            )
        elif voice.scenario not in ids:
            message = _(
                "the voice file belongs to “{id}”, but there is no such scenario. Rename or "
                "remove the file."
            ).format(id=voice.scenario)
        elif (count := line_count(voice.scenario)) is not None and voice.line > count:
            message = _(
                "the voice file belongs to line {line}, but the last line of {scenario} is "
                "{n}. Rename or remove the file."
            ).format(line=voice.line, scenario=voice.scenario, n=count)
        elif (played := first.setdefault(voice, path)) is not path:
            message = _(
                "the voice file is never played: {other} is played instead. Remove one."
            ).format(other=played.name)
        else:
            continue
        yield Problem(path, 1, message)


def _line_count(folder: Path, scenario_id: str) -> int | None:
    """Return the number of lines, or None if the scenario's own file has mistakes."""
    try:
        return len(load(folder, scenario_id).lines)
    except PromptError:
        return None


def _unheard(paths: list[Path]) -> Iterator[Problem]:
    for path in paths:
        try:
            message = _mistake(audio.read(path))
        except AudioError:
            message = (
                _("the recording cannot be read. Convert it to WAV, FLAC, OGG or MP3.")
                if path.stat().st_size
                else _("the file is empty. Record it again.")
            )
        if message:
            yield Problem(path, 1, message)


def _mistake(clip: audio.Clip) -> str:
    """Return why a clip cannot be used as a voice, or an empty text."""
    if clip.is_too_long:
        return _("the recording is longer than a minute. Cut it to one utterance.")
    if not np.any(clip.samples):
        return _("there is no sound in the file. Record it again.")
    return ""


def _unwritable(folder: Path, error: OSError) -> str:
    return _(
        "{folder} cannot be written: {why}. Copy the scenarios to a folder of your own and name "
        "it with --prompts."
    ).format(folder=folder, why=system_reason(error))
