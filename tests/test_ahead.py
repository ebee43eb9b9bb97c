"""Judging ahead of the take's end: it hides the wait, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from conftest import CLIPS

from practice.assessment.early import PAUSE_S, EarlyAssessment
from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.clip import WavWriter
from practice.audio.recorder import Meter
from practice.audio.signal_check import Samples, Spans
from practice.audio.voice_activity import find_speech
from practice.recognition.cache import CachedRecognizer
from practice.recognition.recognizer import Recognition
from practice.records.recognition import ModelInfo, Transcript
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.evidence import TextPair

WITHOUT_PLEASE = Transcript("慢走，欢迎下次光临", -0.2, 0.0, 1.0)
LINE = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))


@dataclass
class RecognizedClip:
    """A hearing that counts what it is asked."""

    transcript: Transcript = WITHOUT_PLEASE
    asked: list[TextPair] = field(default_factory=list)
    timed: int = 0

    def second_look(self) -> Recognition | None:
        return None

    def times_s(self) -> tuple[float, ...]:
        self.timed += 1
        return ()

    def logprobs(self) -> tuple[float, ...]:
        return ()

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        self.asked += pairs
        return [-40.0] * len(pairs)


@dataclass
class Counting:
    """A transcriber that counts how often it listens; ``heard`` tells when it has."""

    info: ModelInfo = field(default_factory=lambda: ModelInfo("counting", "0" * 64))
    hearings: list[RecognizedClip] = field(default_factory=list)
    heard: Event = field(default_factory=Event)

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        self.hearings.append(RecognizedClip())
        self.heard.set()
        return self.hearings[-1]


def meter(pause_s: float) -> Meter:
    return Meter(1.0, -20.0, is_clipping=False, is_armed=True, pause_s=pause_s)


def write(path: Path, *parts: Samples) -> None:
    with WavWriter(path, 16_000) as wav:
        for part in parts:
            wav.write(part)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * 16_000), dtype=np.float32)


def spoken() -> Samples:
    """A clip to the end of its speech and a little on."""
    samples = audio.read(CLIPS / "farewell.flac").samples
    return samples[: int((find_speech(samples)[-1][1] + 0.1) * 16_000)]


def judge_of(recognizer: Counting) -> Assessor:
    remembering = CachedRecognizer(recognizer)
    return Assessor(lambda: remembering, ())


def ahead_of(
    judge: Assessor, path: Path, pauses: Sequence[float], told: Callable[[], None]
) -> None:
    with closing(EarlyAssessment(judge, path, LINE)) as ahead:
        for pause_s in pauses:
            ahead.watch(meter(pause_s))
        told()


@pytest.mark.slow
def test_what_was_heard_in_the_pause_is_not_heard_again(tmp_path: Path) -> None:
    recognizer = Counting()
    judge = judge_of(recognizer)
    path = tmp_path / "take.wav"
    write(path, spoken(), silence(PAUSE_S - 0.1))
    pauses = [0.0, 0.3, PAUSE_S, PAUSE_S + 0.2]
    ahead_of(judge, path, pauses, lambda: recognizer.heard.wait(30) or None)
    write(path, spoken(), silence(3.0))
    result = judge.assess(audio.read(path), LINE)
    (recognition,) = recognizer.hearings
    assert len(recognition.asked) == len(set(recognition.asked)) > 0
    assert recognition.timed == 1
    # And it is what comes of judging once.
    once = judge_of(Counting()).assess(audio.read(path), LINE)
    assert result == once


def test_speech_that_goes_on_is_heard_as_a_whole(tmp_path: Path) -> None:
    recognizer = Counting()
    judge = judge_of(recognizer)
    path = tmp_path / "take.wav"
    write(path, spoken(), silence(PAUSE_S - 0.1))
    ahead_of(judge, path, [PAUSE_S], lambda: recognizer.heard.wait(30) or None)
    write(path, spoken(), silence(PAUSE_S), spoken(), silence(1.0))
    judge.assess(audio.read(path), LINE)
    assert len(recognizer.hearings) == 2


def test_a_short_pause_starts_nothing(tmp_path: Path) -> None:
    recognizer = Counting()
    ahead_of(judge_of(recognizer), tmp_path / "none.wav", [0.0, 0.3, 0.0], lambda: None)
    assert not recognizer.hearings


def test_a_recording_that_cannot_be_read_yet_is_no_failure(tmp_path: Path) -> None:
    recognizer = Counting()
    ahead_of(judge_of(recognizer), tmp_path / "none.wav", [PAUSE_S], lambda: None)
    assert not recognizer.hearings
