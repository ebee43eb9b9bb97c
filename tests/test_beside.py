"""A take beside the model reading of its line: pace and pitch, with a truth that is known."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from conftest import CHECK, CLIPS, MODEL, Golden
from fake_recognizer import TEXTS, FakeRecognition, FakeRecognizer
from hypothesis import given
from hypothesis import strategies as st
from in_process import Practice

from practice.audio.signal_check import RATE_HZ, Samples, Spans
from practice.delivery.comparison import (
    PITCH_FROM_ST,
    Comparison,
    Difference,
    NotCompared,
    RecordedLine,
    Trait,
    compare,
    warp_pitch,
)
from practice.delivery.pitch import PitchTrack
from practice.output.comparison import lines
from practice.records.attempt import Assessment
from practice.records.delivery import Delivery
from practice.records.recognition import Transcript, Unscored
from practice.records.scenario import Line
from practice.scenarios.markup import parse_script
from practice.scoring.score import VERSION, score_transcript, unscored

STEP_S = 0.016
TEXT = "请慢走欢迎下次光临"
LINE = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))
SAID = Delivery(speech_cps=4.0, pitch_hz=200.0, pitch_range_st=6.0, final_st=-2.0)


def spoken(
    contour: list[float],
    text: str = TEXT,
    character_s: float = 0.25,
    base_hz: float = 200.0,
    delivery: Delivery = SAID,
) -> RecordedLine:
    """A recording whose characters have heights, in semitones; each is as long as the others."""
    times = tuple(0.5 + character_s * i for i in range(len(text)))
    end = 0.5 + character_s * len(text)
    frames = round((end + 0.5) / STEP_S)
    at = np.arange(frames) * STEP_S
    place = np.clip(((at - 0.5) / character_s).astype(int), 0, len(contour) - 1)
    hz = base_hz * 2 ** (np.array(contour)[place] / 12)
    hz[(at < 0.5) | (at >= end)] = np.nan
    check = replace(CHECK, spans_s=((0.5, end),), duration_s=end + 0.5)
    transcript = Transcript(text, -0.2, 0.01, 0.8, times)
    score = score_transcript(LINE, text)
    judged = Assessment(check, transcript, None, score, MODEL, VERSION, delivery)
    return RecordedLine(judged, PitchTrack(STEP_S, hz))


def compared(own: RecordedLine, theirs: RecordedLine) -> Comparison:
    found = compare(own, theirs)
    assert isinstance(found, Comparison)
    return found


MELODY = [0.0, 4.0, -2.0, 1.0, 3.0, -1.0, 2.0, 0.0, -4.0]
heights = st.lists(st.floats(-4, 4), min_size=9, max_size=9)


@pytest.mark.slow
@given(heights, st.floats(-12, 12), st.floats(0.15, 0.6))
def test_another_voice_and_pace_of_the_same_melody_differ_in_nothing(
    melody: list[float], shift: float, character_s: float
) -> None:
    own = spoken(melody, character_s=character_s, base_hz=200 * 2 ** (shift / 12))
    found = compared(own, spoken(melody))
    assert found.differences == ()
    assert found.contour is not None
    both = ~np.isnan(found.contour.hz) & ~np.isnan(own.voice.hz)
    apart = 12 * np.log2(found.contour.hz[both] / own.voice.hz[both])
    # Where characters meet, a frame may be of the one or of the other.
    assert np.median(np.abs(apart)) < 0.1
    assert np.count_nonzero(both) > 0.8 * np.count_nonzero(own.voice.is_voiced)


def with_pause(
    said: RecordedLine, after: int, pause_s: float, character_s: float = 0.25
) -> RecordedLine:
    """A recording with a pause behind its first characters, of which the next one has it all."""
    assert said.assessment.transcript is not None
    at = 0.5 + character_s * after
    frames = round(at / STEP_S)
    quiet = np.full(round(pause_s / STEP_S), np.nan)
    hz = np.concatenate([said.track.hz[:frames], quiet, said.track.hz[frames:]])
    times = said.assessment.transcript.times_s
    times = (*times[: after + 1], *(t + pause_s for t in times[after + 1 :]))
    (span,) = said.assessment.check.spans_s
    spans = ((span[0], at), (at + pause_s, span[1] + pause_s))
    assessment = replace(
        said.assessment,
        check=replace(said.assessment.check, spans_s=spans),
        transcript=replace(said.assessment.transcript, times_s=times),
    )
    return RecordedLine(assessment, PitchTrack(STEP_S, hz))


@pytest.mark.slow
@given(heights, st.integers(1, 7), st.integers(25, 60))
def test_a_pause_moves_what_comes_after_it(melody: list[float], after: int, frames: int) -> None:
    plain = spoken(melody)
    paused = with_pause(plain, after, frames * STEP_S)
    for own, theirs in ((paused, plain), (plain, paused)):
        found = compared(own, theirs)
        assert found.differences == ()
        assert found.contour is not None
        both = ~np.isnan(found.contour.hz) & ~np.isnan(own.voice.hz)
        apart = np.abs(12 * np.log2(found.contour.hz[both] / own.voice.hz[both]))
        assert np.mean(apart > 0.1) < 0.1  # where characters meet
        assert np.count_nonzero(both) > 0.85 * np.count_nonzero(own.voice.is_voiced)
        silent = np.isnan(own.voice.hz)
        assert np.count_nonzero(~np.isnan(found.contour.hz[silent])) <= 2  # at the edges


def pace(factor: float) -> Comparison:
    """A take that is so many times as fast as the model reading, and else like it."""
    return compared(spoken(MELODY, delivery=replace(SAID, speech_cps=4 * factor)), spoken(MELODY))


@given(st.floats(0.3, 3))
def test_the_pace_is_told_beyond_what_is_noticed(factor: float) -> None:
    found = pace(factor)
    assert found.pace == pytest.approx(factor)
    if factor > 1.15 or factor < 0.84:
        assert found.differences == (Difference(Trait.PACE, 4.0 * factor, 4.0),)
        (told,) = lines(found)
        assert f"{abs(100 * (factor - 1)):.0f}%" in told.split()
    elif 0.851 < factor < 1.149:
        assert found.differences == ()
        assert [*lines(found)] == [*lines(pace(1))]


def test_how_the_pace_is_told(language: str, golden: Golden) -> None:
    golden("beside-pace", "\n".join(line for f in (1.5, 0.5, 1) for line in lines(pace(f))))


def test_two_characters_that_lie_elsewhere_are_told(language: str, golden: Golden) -> None:
    told = []
    for by in (5, -5):
        moved = [h + by if i in (3, 4) else h for i, h in enumerate(MELODY)]
        found = compared(spoken(moved), spoken(MELODY))
        (difference,) = found.differences
        assert (difference.trait, difference.words) == (Trait.HEIGHT, "欢迎")
        # The medians differ too.
        assert difference.own - difference.theirs == pytest.approx(by, abs=1.1)
        told += lines(found)
    golden("beside-height", "\n".join(told))
    one = [h + 5 if i == 3 else h for i, h in enumerate(MELODY)]
    assert compared(spoken(one), spoken(MELODY)).differences == ()


def test_the_end_is_compared(language: str, golden: Golden) -> None:
    told = []
    for own, theirs in (
        (1.0, -4.0),
        (-1.0, -5.0),
        (4.0, 0.5),
        (-6.0, -1.0),
        (-1.0, 4.0),
        (1.0, 5.0),
    ):
        ending = replace(SAID, final_st=own)
        model = spoken(MELODY, delivery=replace(SAID, final_st=theirs))
        found = compared(spoken(MELODY, delivery=ending), model)
        assert found.differences == (Difference(Trait.FINAL, own, theirs),)
        told += lines(found)
        # Who goes on speaking, or leaves out the end, has another one.
        more = spoken([*MELODY, 0.0], text=TEXT + "啊", delivery=ending)
        assert compared(more, spoken(MELODY)).differences == ()
        cut = spoken(MELODY[:-2], text=TEXT[:-2], delivery=ending)
        assert compared(cut, spoken(MELODY)).differences == ()
    golden("beside-end", "\n".join(told))


def test_a_flat_voice_is_told(language: str, golden: Golden) -> None:
    told = []
    for range_st in (2.0, 10.0):
        moving = replace(SAID, pitch_range_st=range_st)
        found = compared(spoken(MELODY, delivery=moving), spoken(MELODY))
        assert found.differences == (Difference(Trait.RANGE, range_st, 6.0),)
        told += lines(found)
    golden("beside-range", "\n".join(told))
    near = replace(SAID, pitch_range_st=6.0 - PITCH_FROM_ST + 0.1)
    assert compared(spoken(MELODY, delivery=near), spoken(MELODY)).differences == ()


def test_what_cannot_be_told_is_said(language: str, golden: Golden) -> None:
    whispered = replace(SAID, pitch_hz=None, speech_cps=None)
    found = compared(spoken(MELODY, delivery=whispered), spoken(MELODY))
    assert (found.pace, found.contour, found.differences) == (None, None, ())
    told = list(lines(found))
    assert len(told) == 2
    assert (
        warp_pitch(PitchTrack(STEP_S, np.full(100, np.nan)), spoken(MELODY).track, [(0, 0)]) is None
    )
    silent = spoken(MELODY)
    score = unscored(LINE, Unscored.NO_SPEECH)
    nothing = RecordedLine(replace(silent.assessment, score=score, transcript=None), silent.track)
    assert compare(silent, nothing) is NotCompared.UNSCORED
    assert compare(spoken(MELODY[:2], text="请慢"), silent) is NotCompared.UNLIKE
    for reason in NotCompared:
        (line,) = lines(reason)
        told.append(line)
    golden("beside-not-told", "\n".join(told))
    assert list(lines(None)) == []


# ---- with the recognizer, as it is used --------------------------------------------


def sped(path: Path, factor: float) -> Path:
    """A clip that is so many times as fast, and higher by as much."""
    samples, rate_hz = soundfile.read(CLIPS / "farewell.flac", dtype="float32")
    assert rate_hz == RATE_HZ
    soundfile.write(path, soxr.resample(samples, RATE_HZ * factor, RATE_HZ), RATE_HZ)
    return path


def lay_model(practice: Practice) -> Path:
    """A model reading of the line, beside its scenario."""
    return Path(shutil.copy(CLIPS / "farewell.flac", practice.prompts / "farewell.1.model.flac"))


def told_of_a_sped_take(practice: Practice, tmp_path: Path) -> list[str]:
    """What is told of a take that is 1.3 times as fast as its model: that, and nothing else."""
    lay_model(practice)
    fast = sped(tmp_path / "快.wav", 1.3)
    explained = practice("run", "farewell", "--audio", fast, "--explain").stdout
    heading, line = explained.rstrip().split("\n\n")[-1].splitlines()
    percent = int(line.split("%")[0].split()[-1])
    assert 25 <= percent <= 35
    difference = Difference(Trait.PACE, 100.0 + percent, 100.0)
    assert line.split() == next(lines(Comparison(1.3, None, (difference,)))).split()
    return [heading, line]


def test_a_sped_take_is_faster_than_its_model_and_else_alike(
    listening_practice: Practice, tmp_path: Path
) -> None:
    told_of_a_sped_take(listening_practice, tmp_path)
    (attempt,) = listening_practice.json("history")
    path, alone = tmp_path / "图.png", tmp_path / "alone.png"
    assert listening_practice("show-attempt", attempt["id"], "--png", path).returncode == 0
    (listening_practice.prompts / "farewell.1.model.flac").unlink()
    assert listening_practice("show-attempt", attempt["id"], "--png", alone).returncode == 0
    assert path.read_bytes() != alone.read_bytes()


class HearsFarewell(FakeRecognizer):
    """Hears the clip also where it is sped up, which the usual fake takes for another one."""

    def listen(
        self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()
    ) -> FakeRecognition:
        return FakeRecognition(TEXTS["farewell.flac"], spans_s)


def test_what_is_told_of_a_take_beside_its_model(
    language: str, practice: Practice, golden: Golden, tmp_path: Path
) -> None:
    practice.recognizer = HearsFarewell()
    heading, line = told_of_a_sped_take(practice, tmp_path)
    plain = practice("run", "farewell", "--audio", tmp_path / "快.wav").stdout
    assert plain.rstrip().splitlines()[-1].strip() == line.strip()
    assert heading not in plain
    attempt, _again = practice.json("history")
    told = practice("show-attempt", attempt["id"][:8])
    assert told.returncode == 0, told.stderr
    rest, section = told.stdout.rstrip().rsplit("\n\n", 1)
    assert section.splitlines() == [heading, line]
    golden("show-attempt-beside-model", told.stdout)
    model = lay_model(practice)
    model.write_bytes(b"broken")
    broken = practice("show-attempt", attempt["id"])
    assert broken.returncode == 0
    assert "farewell.1.model.flac" in broken.stderr
    assert len(broken.stderr.splitlines()) == 1
    model.unlink()
    without = practice("show-attempt", attempt["id"])
    assert without.stderr == ""
    assert without.stdout.rstrip() == broken.stdout.rstrip() == rest


def test_a_script_that_changed_is_told(language: str, practice: Practice, golden: Golden) -> None:
    (attempt,) = practice.json("run", "farewell", "--audio", CLIPS / "farewell.flac")
    lay_model(practice)
    file = practice.prompts / "farewell.yaml"
    file.write_text(file.read_text("utf-8").replace("下次", "再次"), "utf-8")
    told = practice("show-attempt", attempt["id"]).stdout.rstrip().split("\n\n")[-1]
    (changed,) = lines(NotCompared.CHANGED)
    assert " ".join(told.split()).endswith(changed)
    golden("show-attempt-script-changed", told)


def test_a_take_that_is_not_scored_is_set_beside_nothing(
    practice: Practice, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(3 * RATE_HZ), RATE_HZ)
    (attempt,) = practice.json("run", "farewell", "--audio", tmp_path / "silence.wav")
    assert attempt["status"] == "unscored"
    without = practice("show-attempt", attempt["id"]).stdout
    lay_model(practice)
    assert practice("show-attempt", attempt["id"]).stdout == without
