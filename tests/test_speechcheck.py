"""What the signal shows: levels, spans, reasons not to judge, windows; and auto-stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import CLIPS
from hypothesis import given
from hypothesis import strategies as st

from practice.audio import clip as audio
from practice.audio.signal_check import (
    MARGIN_S,
    RATE_HZ,
    Samples,
    check_speech,
    clipped_share,
    cut,
    dbfs,
    find_obstacle,
    spans_from_probabilities,
    uncut,
)
from practice.audio.voice_activity import AutoStop, find_speech
from practice.recognition.whisper.encoder import WINDOW_S, windows
from practice.records.recognition import Unscored


def tone(level_dbfs: float, seconds: float = 1.0, hz: float = 440.0) -> Samples:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    amplitude = np.sqrt(2) * 10 ** (level_dbfs / 20)
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def noise(level_dbfs: float, seconds: float) -> Samples:
    random = np.random.default_rng(7)
    n = int(seconds * RATE_HZ)
    return (10 ** (level_dbfs / 20) * random.standard_normal(n)).astype(np.float32)


def check(samples: Samples) -> Unscored | None:
    return find_obstacle(check_speech(samples, find_speech(samples), clipped_share(samples)))


def test_level_of_a_known_tone() -> None:
    assert dbfs(tone(-20)) == pytest.approx(-20, abs=0.01)
    assert dbfs(np.zeros(100, np.float32)) is None
    assert dbfs(np.zeros(0, np.float32)) is None


def test_spans_have_hysteresis_and_bridge_short_gaps() -> None:
    frames = [0.1, 0.6, 0.4, 0.4, 0.1] + [0.0] * 20 + [0.9, 0.9, 0.1, 0.1, 0.9, 0.9]
    spans = spans_from_probabilities(frames, 0.1)
    assert spans == (pytest.approx((0.1, 0.4)), pytest.approx((2.5, 3.1)))
    assert spans_from_probabilities([], 0.1) == ()


@pytest.mark.parametrize("name", ["farewell", "farewell-without-please", "seat", "human"])
def test_speech_can_be_judged(name: str) -> None:
    samples = audio.read(CLIPS / f"{name}.flac").samples
    assert check(samples) is None
    assert check(samples * np.float32(10 ** (-20 / 20))) is None


def melody() -> Samples:
    notes = [tone(-15, 0.4, hz) for hz in (262, 294, 330, 349, 392, 440, 494, 523)] * 3
    return np.concatenate(notes)


NOTHING = {
    "digital silence": np.zeros(10 * RATE_HZ, np.float32),
    "dither": noise(-90, 10),
    "noise": noise(-40, 10),
    "loud noise": noise(-12, 10),
    "hum": tone(-20, 10, 50) + tone(-30, 10, 150),
    "chord": tone(-20, 10, 262) + tone(-20, 10, 330) + tone(-20, 10, 392),
    "melody": melody(),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_comes_from_nothing(name: str) -> None:
    assert check(NOTHING[name]) is Unscored.NO_SPEECH


def test_reasons_not_to_judge() -> None:
    speech = audio.read(CLIPS / "farewell.flac").samples
    speech = np.concatenate([np.zeros(RATE_HZ, np.float32), speech])
    assert check(speech * np.float32(0.005)) is Unscored.TOO_QUIET
    assert check(np.clip(speech * 40, -1, 1)) is Unscored.CLIPPED
    assert check(speech[: RATE_HZ // 10]) is Unscored.TOO_SHORT
    assert check(np.zeros(0, np.float32)) is Unscored.TOO_SHORT
    level = dbfs(speech)
    assert level is not None
    loud = speech + noise(level + 3, len(speech) / RATE_HZ)
    found = check_speech(loud, ((1.5, 4.5),), 0.0)  # where the speech is known to be
    assert find_obstacle(found) is Unscored.NOISY


spans = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 40)), max_size=8)


@given(spans)
def test_windows_hold_all_speech_and_fit(pairs: list[tuple[float, float]]) -> None:
    at, found = 0.0, []
    for gap, length in pairs:
        found.append((at + gap, at + gap + length))
        at += gap + length
    cuts = windows(tuple(found))
    for window in cuts:
        assert sum(b - a + 2 * MARGIN_S for a, b in window) <= WINDOW_S + 1e-6
    pieces = [piece for window in cuts for piece in window]
    for start, end in found:
        inside = sum(max(0.0, min(end, b) - max(start, a)) for a, b in pieces)
        assert inside == pytest.approx(end - start)


def test_cut_keeps_margins_and_no_long_silence() -> None:
    samples = np.zeros(10 * RATE_HZ, np.float32)
    assert len(cut(samples, ((2.0, 3.0),))) == int(1.6 * RATE_HZ)
    assert len(cut(samples, ((2.0, 3.0), (8.0, 9.0)))) == int(3.2 * RATE_HZ)
    assert len(cut(samples, ((2.0, 3.0), (3.5, 4.0)))) == int(2.6 * RATE_HZ)
    assert len(cut(samples, ((0.0, 10.0),))) == 10 * RATE_HZ


# ---- auto-stop -------------------------------------------------------------


def stops_at(frames: str, patience: int = 3) -> int | None:
    """Frames of a tenth of a second: s is speech, anything else is none."""
    rule = AutoStop(end_silence_s=patience / 10 - 0.01, frame_s=0.1)
    for i, frame in enumerate(frames):
        if rule.push(1.0 if frame == "s" else 0.0):
            return i
    return None


def test_moments_of_a_cut_are_found_in_the_recording() -> None:
    spans = ((1.0, 2.0), (4.0, 5.0))
    before = 1 - MARGIN_S
    assert uncut(spans, 0.0) == pytest.approx(before)
    assert uncut(spans, 0.5) == pytest.approx(before + 0.5)
    first = 1 + 2 * MARGIN_S
    assert uncut(spans, first + 0.5) == pytest.approx(4 - MARGIN_S + 0.5)
    assert uncut(spans, 99.0) == pytest.approx(5 + MARGIN_S)


def test_autostop_waits_for_speech_and_then_for_its_end() -> None:
    assert stops_at(".........") is None
    assert stops_at("s........") is None  # a click is no speech
    assert stops_at("..sss....") == 7
    assert stops_at("ss..ss..ss...") == 12  # pauses shorter than the patience
    assert stops_at("ss......", patience=5) == 6


# ---- files -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "suffix"),
    [
        (rate, suffix)
        for rate in (8_000, 16_000, 44_100, 48_000, 96_000)
        for suffix in (".wav", ".flac", ".ogg", ".mp3")
        if (rate, suffix) != (96_000, ".mp3")  # which MP3 does not have
    ],
)
def test_files_of_all_rates_and_formats(tmp_path: Path, rate: int, suffix: str) -> None:
    t = np.arange(rate) / rate
    stereo = np.stack([np.zeros(rate), 0.5 * np.sin(2 * np.pi * 440 * t)], axis=1)
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, stereo, rate)
    clip = audio.read(path)
    assert clip.suffix == suffix
    assert len(clip.samples) / RATE_HZ == pytest.approx(1.0, abs=0.1)
    assert dbfs(clip.samples) == pytest.approx(-9, abs=0.6)  # the channel that has sound
