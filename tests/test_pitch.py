"""The pitch of signals whose pitch is known, and the figures that are read off a track."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import CLIPS
from hypothesis import given
from hypothesis import strategies as st

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples
from practice.delivery import pitch_tracker as pitch
from practice.delivery.pitch import (
    PitchTrack,
    final_semitones,
    median_hz,
    range_semitones,
    variation,
    within,
    without_octave_errors,
)

STEP = 0.016
NOTHING = PitchTrack(STEP, np.full(60, np.nan))


def voice(hz: np.ndarray) -> Samples:
    """A tone with the overtones of a voice, whose pitch goes through ``hz``, a value a sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    tone = sum(np.sin(k * phase) / k for k in range(1, 16))
    return (0.1 * np.asarray(tone)).astype(np.float32)


def glide(from_hz: float, to_hz: float, seconds: float) -> np.ndarray:
    """An even glide: as many semitones in every step of time."""
    return np.geomspace(from_hz, to_hz, int(seconds * RATE_HZ))


@pytest.mark.parametrize("hz", [75.0, 110.0, 220.0, 330.0, 420.0])
def test_a_tones_pitch_is_found(hz: float) -> None:
    found = pitch.track(voice(np.full(RATE_HZ, hz)))
    assert median_hz(found) == pytest.approx(hz, rel=0.01)
    assert found.voiced_s > 0.9
    assert range_semitones(found) == pytest.approx(0, abs=0.2)
    assert final_semitones(found) == pytest.approx(0, abs=0.2)


def test_a_glide_is_measured_in_semitones() -> None:
    found = pitch.track(voice(glide(110, 220, 2)))
    # From the 10th to the 90th percentile of an octave.
    assert range_semitones(found) == pytest.approx(0.8 * 12, abs=0.4)
    # 12 semitones in 2 s.
    assert final_semitones(found) == pytest.approx(6 * 0.3, abs=0.2)
    falling = pitch.track(voice(glide(220, 110, 2)))
    assert final_semitones(falling) == pytest.approx(-6 * 0.3, abs=0.2)


@pytest.mark.parametrize("gain_db", [-40, -20, 0, 6])
def test_gain_and_offset_change_no_pitch(gain_db: float) -> None:
    samples = audio.read(CLIPS / "human.flac").samples
    plain = pitch.track(samples)
    changed = pitch.track(samples * np.float32(10 ** (gain_db / 20)) + np.float32(0.1))
    np.testing.assert_allclose(changed.hz, plain.hz, rtol=1e-3)


def test_no_pitch_where_there_is_no_voice() -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.05, 2 * RATE_HZ).astype(np.float32)
    for samples in (noise, np.zeros(RATE_HZ, np.float32), np.zeros(0, np.float32)):
        found = pitch.track(samples)
        assert found.voiced_s < 0.1
    assert len(pitch.track(np.zeros(10, np.float32)).hz) == 1
    assert len(pitch.track(np.full(RATE_HZ, 0.5, np.float32)).hz) == RATE_HZ // 256


def test_without_voice_there_is_no_figure() -> None:
    for figure in (median_hz, range_semitones, variation, final_semitones):
        assert figure(NOTHING) is None
        assert figure(PitchTrack(STEP, np.zeros(0))) is None


def test_too_little_voice_at_the_end_gives_no_final_move() -> None:
    hz = np.full(60, np.nan)
    hz[:30] = 120
    hz[50:54] = 130
    assert final_semitones(PitchTrack(STEP, hz)) is None


def test_octave_errors_go_and_the_next_syllable_stays() -> None:
    hz = np.full(60, 120.0)
    hz[10:14] = 241  # inside a stretch: an error
    hz[20:24] = 59
    hz[30:33] = np.nan
    hz[33:] = 250  # after a gap: another syllable
    found = without_octave_errors(PitchTrack(STEP, hz)).hz
    assert np.isnan(found[10:14]).all()
    assert np.isnan(found[20:24]).all()
    assert (found[33:] == 250).all()
    assert np.count_nonzero(~np.isnan(found)) == 60 - 3 - 8


@given(st.lists(st.floats(70, 400) | st.just(float("nan")), max_size=80))
def test_leaving_out_octave_errors_only_leaves_out(values: list[float]) -> None:
    before = PitchTrack(STEP, np.array(values, dtype=np.float64))
    after = without_octave_errors(before)
    kept = ~np.isnan(after.hz)
    assert (after.hz[kept] == before.hz[kept]).all()
    assert (median_hz(after) is None) == (median_hz(before) is None)


@given(st.floats(0.5, 2.0))
def test_a_higher_voice_that_speaks_alike_gets_the_same_figures(factor: float) -> None:
    rng = np.random.default_rng(3)
    hz = 150 * 2 ** (rng.normal(0, 2, 80) / 12)
    low, high = PitchTrack(STEP, hz), PitchTrack(STEP, hz * factor)
    for figure in (range_semitones, variation, final_semitones):
        assert figure(high) == pytest.approx(figure(low))


def test_voice_outside_of_the_spans_is_left_out() -> None:
    track = PitchTrack(0.5, np.array([100.0, 110, 120, 130]))
    kept = within(track, [(0.5, 1.5)])
    assert kept.is_voiced.tolist() == [False, True, True, False]
