"""Voices beside the scenarios: the customer's lines, and how each line is said well.

``farewell.1.wav`` is what the customer says before the first line of farewell,
``farewell.1.model.wav`` the model reading of that line. An id has no dot, so a name says
which line it belongs to.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import soundfile

from practice import scenarios as prompts
from practice.audio import clip as audio
from practice.audio.signal_check import Samples
from practice.errors import AudioError, PromptError, system_reason
from practice.i18n import gettext as _
from practice.scenarios import Problem

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
"""What a voice may be, the one first that is heard where a line has several."""

_NAME = re.compile(r"(?P<scenario>[^.]+)\.(?P<line>[1-9][0-9]*)(?P<model>\.model)?")


class Role(StrEnum):
    """Whose voice it is."""

    CUSTOMER = "customer"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Voice:
    """What a file is the voice of: of whom, at which line (from 1) of which scenario."""

    scenario: str
    line: int
    role: Role

    @property
    def stem(self) -> str:
        """The name of its file without the ending."""
        model = ".model" if self.role is Role.MODEL else ""
        return f"{self.scenario}.{self.line}{model}"


def named(path: Path) -> Voice | None:
    """Which voice a file is by its name; None where that says none."""
    found = _NAME.fullmatch(path.stem)
    if found is None:
        return None
    role = Role.MODEL if found["model"] else Role.CUSTOMER
    return Voice(found["scenario"], int(found["line"]), role)


def all_in(folder: Path) -> dict[Voice, Path]:
    """Every voice of a folder of scenarios, with the file that is heard."""
    found: dict[Voice, Path] = {}
    for path in _sounds(folder):
        voice = named(path)
        if voice is not None:
            found.setdefault(voice, path)
    return found


def find(folder: Path, voice: Voice) -> Path | None:
    """The file of a voice, or None."""
    return all_in(folder).get(voice)


def files_of(folder: Path, scenario_id: str, role: Role, line: int | None) -> list[Path]:
    """The files of one role in a scenario, or at one line of it; heard or not."""
    return [
        path
        for path in _sounds(folder)
        if (voice := named(path))
        and (voice.scenario, voice.role) == (scenario_id, role)
        and line in (None, voice.line)
    ]


def read(path: Path) -> Samples:
    """Read a voice. Raises AudioError for what is no sound, has none, or is too long."""
    clip = audio.read(path)
    message = _mistake(clip)
    if message:
        raise AudioError(str(Problem(path, 1, message)))
    return clip.samples


def part_of(folder: Path, voice: Voice) -> Path:
    """Where a voice lies until it is kept. Raises AudioError where it can't be written."""
    part = folder / f".{voice.stem}.wav.part"
    try:
        part.write_bytes(b"")
    except OSError as error:
        raise AudioError(_unwritable(folder, error)) from None
    return part


def trim(part: Path, start_s: float, end_s: float) -> None:
    """Cut a recording to a stretch of it."""
    with part.open("rb") as raw:
        sound, rate_hz = soundfile.read(raw, dtype="int16")
    kept = sound[max(0, int(start_s * rate_hz)) : int(end_s * rate_hz)]
    with part.open("wb") as raw:
        soundfile.write(raw, kept, rate_hz, format="WAV", subtype="PCM_16")


def keep(folder: Path, voice: Voice, part: Path) -> Path:
    """Put a finished recording in its place, and take away what it replaces.

    Raises AudioError where the folder can't be written.
    """
    path = folder / f"{voice.stem}.wav"
    earlier = files_of(folder, voice.scenario, voice.role, voice.line)
    try:
        # Whoever may read the scenario may hear it.
        shutil.copymode(folder / f"{voice.scenario}.yaml", part)
        part.replace(path)
        for old in earlier:
            if not old.samefile(path):
                old.unlink()
    except OSError as error:
        raise AudioError(_unwritable(folder, error)) from None
    return path


def remove(path: Path) -> None:
    """Remove a voice for good. Raises AudioError where that can't be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise AudioError(
            _("{path} cannot be removed: {why}.").format(path=path, why=system_reason(error))
        ) from None


def check(folder: Path) -> tuple[int, list[Problem]]:
    """Check every voice of a folder: how many were read, and what is wrong with them."""
    paths = _sounds(folder)
    return len(paths), [*_misplaced(folder, paths), *_unheard(paths)]


def _sounds(folder: Path) -> list[Path]:
    """The files of sound, in the order in which they stand for a line."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: (path.stem, SUFFIXES.index(path.suffix.lower()), path))


def _misplaced(folder: Path, paths: list[Path]) -> Iterator[Problem]:
    ids = set(prompts.scenario_ids(folder))
    counts: dict[str, int | None] = {}
    first: dict[Voice, Path] = {}
    for path in paths:
        voice = named(path)
        if voice is None:
            message = _("the voice file belongs to no line. Name it like {example}.")
            yield Problem(path, 1, message.format(example="farewell.1.wav, farewell.1.model.wav"))
            continue
        if voice.scenario not in ids:
            message = _(
                "the voice file belongs to “{id}”, but there is no such scenario. Rename or "
                "remove the file."
            )
            yield Problem(path, 1, message.format(id=voice.scenario))
            continue
        if voice.scenario not in counts:
            counts[voice.scenario] = _line_count(folder, voice.scenario)
        count = counts[voice.scenario]
        if count is not None and voice.line > count:
            message = _(
                "the voice file belongs to line {line}, but the last line of {scenario} is "
                "{n}. Rename or remove the file."
            )
            text = message.format(line=voice.line, scenario=voice.scenario, n=count)
            yield Problem(path, 1, text)
        elif first.setdefault(voice, path) is not path:
            message = _("the voice file is never played: {other} is played instead. Remove one.")
            yield Problem(path, 1, message.format(other=first[voice].name))


def _line_count(folder: Path, scenario_id: str) -> int | None:
    """How many lines a scenario has; None where its file has mistakes of its own."""
    try:
        return len(prompts.load(folder, scenario_id).lines)
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
    """Why a clip is no voice, or nothing."""
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
