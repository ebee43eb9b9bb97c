"""The fakes that other tests trust: the recognizer, the microphone, the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anchors
import numpy as np
import pexpect
import pytest
import soxr
from conftest import CLIPS, Start, begin, finish
from fake_recognizer import TEXTS, FakeRecognizer
from fake_sound import FakeSound
from in_process import Practice

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples
from practice.audio.voice_activity import find_speech
from practice.recognition.recognizer import Recognizer
from practice.records.recognition import Unscored
from practice.records.scenario import Line
from practice.records.score import Verdict
from practice.scenarios.markup import parse_script

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))


def heard(samples: Samples) -> str:
    return FakeRecognizer().listen(samples, find_speech(samples)).transcript.text


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_every_clip_is_recognized_also_softer_resampled_and_in_noise(name: str) -> None:
    samples = audio.read(CLIPS / name).samples
    chance = np.random.default_rng(1)
    noisy = samples + chance.normal(0, 0.005, len(samples))
    at_48_khz = soxr.resample(samples, RATE_HZ, 48_000)
    late = np.concatenate([np.zeros(RATE_HZ), samples, np.zeros(2 * RATE_HZ)])
    for same in (samples, samples * 0.3, noisy, soxr.resample(at_48_khz, 48_000, RATE_HZ), late):
        assert heard(same.astype(np.float32)) == TEXTS[name]


def test_what_is_no_clip_is_not_recognized() -> None:
    seat, farewell = (audio.read(CLIPS / f"{n}.flac").samples for n in ("seat", "farewell"))
    for other in (farewell[::-1], np.concatenate([seat, farewell]), farewell[: len(farewell) // 3]):
        assert heard(np.ascontiguousarray(other)) == ""


def test_it_is_asked_about_the_audio_as_whisper_is() -> None:
    clip = audio.read(CLIPS / "farewell-without-please.flac")
    judge = Assessor(FakeRecognizer, ())
    verdicts = [e.verdict for e in judge.assess(clip, FAREWELL).score.elements]
    assert verdicts == [Verdict.MISSED, Verdict.HEARD, Verdict.HEARD]
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * RATE_HZ).astype(np.float32)
    assessment = judge.assess(replace(clip, samples=noise), FAREWELL)
    assert assessment.score.reason is Unscored.NO_SPEECH


@pytest.mark.parametrize("name", ["farewell.flac", "farewell-without-please.flac", "seat.flac"])
def test_its_verdicts_are_those_of_the_real_weights(name: str, whisper: Recognizer) -> None:
    clip = audio.read(CLIPS / name)
    verdicts = [
        [e.verdict for e in Assessor(lambda t=t: t, ()).assess(clip, FAREWELL).score.elements]
        for t in (FakeRecognizer(), whisper)
    ]
    assert verdicts[0] == verdicts[1]


@pytest.mark.slow
def test_a_run_at_the_fakes(start: Start, practice: Practice, microphone: FakeSound) -> None:
    child = start("run", "farewell")
    child.expect("请慢走，欢迎下次光临")
    begin(child)
    microphone.speak(CLIPS / "farewell-without-please.flac")
    child.expect(anchors.HEARD)
    child.expect("R: again")
    assert "FAILED" in child.screen()
    child.send("r")
    begin(child)
    child.send("\x1b")
    child.expect("R: again")
    child.send("q")
    assert finish(child) == 0
    (attempt,) = practice.json("history")
    assert [e["verdict"] for e in attempt["elements"]] == ["missed", "heard", "heard"]


def test_faults_and_early_ends_are_the_test_s(start: Start, tmp_path: Path) -> None:
    child = start("run", "nonsense")
    with pytest.raises(AssertionError, match="ended without"):
        child.expect("Enter or Space")
    child.expect(pexpect.EOF)
    assert child.exitstatus == 1
