"""How a take was said: signals whose truth is known, and what delivery may cost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache, reduce
from operator import add

import numpy as np
import pytest
from conftest import CHECK, CLIPS, LINE, MODEL, take
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples, check_speech
from practice.audio.voice_activity import find_speech
from practice.delivery import level
from practice.delivery import pitch_tracker as pitch
from practice.delivery.measure import aims_of, measure, unmeasured
from practice.delivery.pitch import PitchTrack
from practice.records.attempt import Assessment
from practice.records.delivery import (
    DEFAULT_PACE,
    DEFAULT_TARGETS,
    FIGURES,
    REMOVED_FIGURES,
    Aim,
    AimResult,
    Delivery,
    Flaw,
    Pause,
    Targets,
    Unavailable,
    Volume,
)
from practice.records.recognition import Transcript
from practice.records.scenario import Line
from practice.records.score import Score
from practice.scenarios.markup import parse_script
from practice.scoring.score import PASS_MARK, VERSION, score_transcript, tally_of, with_aims
from practice.store.database import now
from practice.store.exchange import Record, ScoreRecord
from practice.sync.format import FormatError, record_from_bytes, record_to_bytes

FAREWELL = Line("", parse_script("【请|敬语】【慢走|送别】，【欢迎下次光临|送别】。", {}))
SEAT = Line("", parse_script("【您好|问候】，【请|敬语】坐。", {}))
MELODY = ("pitch_hz", "pitch_range_st", "pitch_variation", "final_st")
TIMING = ("articulation_cps", "speech_cps", "pauses")


def tone(seconds: float, hz: float = 150.0, rms: float = 0.1) -> Samples:
    """A tone with overtones, of a known level."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 10))
    wave = np.asarray(wave)
    return (wave * rms / np.sqrt(np.mean(wave**2))).astype(np.float32)


def silence(seconds: float) -> Samples:
    """Room noise at about -76 dBFS."""
    rng = np.random.default_rng(5)
    return rng.normal(0, 1.6e-4, int(seconds * RATE_HZ)).astype(np.float32)


def heard(text: str, times: tuple[float, ...] = ()) -> Transcript:
    return Transcript(text, -0.2, 0.01, 0.8, times)


def deliver(
    samples: Samples,
    text: str,
    *,
    times: tuple[float, ...] = (),
    line: Line = FAREWELL,
    spans: tuple[tuple[float, float], ...] | None = None,
) -> Delivery:
    spans = find_speech(samples) if spans is None else spans
    check = check_speech(samples, spans, 0.0)
    return measure(
        samples, check, pitch.track(samples), heard(text, times), score_transcript(line, text)
    )


# ---- pace and pauses -------------------------------------------------------------


def test_pace_is_counted_with_and_without_pauses() -> None:
    samples = np.concatenate([silence(0.5), tone(1.5), silence(1.0), tone(1.5), silence(0.5)])
    found = deliver(samples, "请慢走，欢迎下次光临。", spans=((0.5, 2.0), (3.0, 4.5)))
    assert found.articulation_cps == pytest.approx(9 / 3)
    assert found.speech_cps == pytest.approx(9 / 4, abs=0.01)
    assert found.pauses == (Pause(2.0, 1.0),)  # its place is not known without times


TIMES = (0.5, 0.9, 1.4, 1.9, 3.0, 3.3, 3.6, 3.9, 4.1, 4.3, 4.5)


@pytest.mark.parametrize(
    ("text", "times", "after", "inside"),
    [
        # The sign takes the pause, or the character before it, or the one behind it.
        ("请慢走，欢迎下次光临。", TIMES, 3, False),
        ("请慢走欢迎下次光临", (0.5, 0.9, 1.4, 3.0, 3.3, 3.6, 3.9, 4.1, 4.3), 3, False),
        ("请慢走欢迎下次光临", (0.5, 0.9, 1.4, 1.95, 3.3, 3.6, 3.9, 4.1, 4.3), 3, False),
        # Inside of the phrase, and the place counts by the script, its sign included.
        ("请慢走欢迎下次光临", (0.5, 0.8, 1.0, 1.2, 1.6, 3.0, 3.3, 3.6, 4.0), 6, True),
        ("慢走欢迎下次光临", (0.5, 0.9, 1.4, 1.6, 3.0, 3.3, 3.6, 4.1), 6, True),
        # What is said before or behind the script's words has no place in it.
        ("嗯请慢走欢迎下次光临", (0.5, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7, 3.9), 0, None),
    ],
)
def test_a_pause_is_placed_in_the_script(
    text: str, times: tuple[float, ...], after: int, inside: bool | None
) -> None:
    samples = np.concatenate([silence(0.5), tone(1.5), silence(1.0), tone(1.5), silence(0.5)])
    found = deliver(samples, text, times=times, spans=((0.5, 2.0), (3.0, 4.5)))
    assert found.pauses is not None
    (pause,) = found.pauses
    assert (pause.after, pause.inside) == (after, inside)


def test_a_pause_is_placed_behind_a_numeral() -> None:
    line = Line("", parse_script("话费128元，谢谢。", {}))
    samples = np.concatenate([silence(0.5), tone(1.5), silence(1.0), tone(1.5), silence(0.5)])
    times = (0.5, 0.6, 0.7, 0.9, 1.1, 1.5, 1.9, 3.1, 3.4, 4.0)
    found = deliver(
        samples, "话费128元，谢谢。", times=times, line=line, spans=((0.5, 2.0), (3.0, 4.5))
    )
    assert found.pauses == (Pause(2.0, 1.0, after=6, inside=False),)


@pytest.mark.parametrize(
    ("script", "said", "times", "after"),
    [
        # In the midst of a number, digit by digit; and behind one whose point is no sign.
        ("请您拨打95598咨询", "请您拨打95598咨询", (0.5, 0.7, 0.9, 1.1, 1.3, 1.6, 3.0), 6),
        ("一共3.5元请收好", "一共3.5元请收好", (0.5, 0.8, 1.1, 1.3, 1.5, 3.0), 5),
    ],
)
def test_a_number_is_said_character_by_character(
    script: str, said: str, times: tuple[float, ...], after: int
) -> None:
    line = Line("", parse_script(script, {}))
    samples = np.concatenate([silence(0.5), tone(1.5), silence(1.0), tone(1.5), silence(0.5)])
    rest = tuple(3.1 + 0.1 * n for n in range(len(said) - len(times)))
    spans = ((0.5, 2.0), (3.0, 4.5))
    found = deliver(samples, said, times=(*times, *rest), line=line, spans=spans)
    assert found.pauses == (Pause(2.0, 1.0, after=after, inside=True),)


def test_silence_that_is_cut_in_is_found_where_it_is() -> None:
    speech = audio.read(CLIPS / "farewell.flac").samples
    at = 1.55  # between 走 and 欢
    quiet = silence(0.8)
    cut_in = np.concatenate([speech[: int(at * RATE_HZ)], quiet, speech[int(at * RATE_HZ) :]])
    times = (0.78, 0.95, 1.15, 1.45, 2.4, 2.6, 2.8, 2.9, 3.2, 3.4, 3.6)
    found = deliver(cut_in, "请慢走，欢迎下次光临。", times=times)
    assert found.pauses is not None
    (pause,) = found.pauses
    natural = 0.3  # the comma's own, from 1.28 s to 1.6 s
    assert pause.length_s == pytest.approx(0.8 + natural, abs=0.15)
    assert (pause.after, pause.inside) == (3, False)


# ---- loudness --------------------------------------------------------------------


@pytest.mark.parametrize("rms", [0.3, 0.05, 0.002])
def test_the_level_of_a_tone_is_its_own_and_silence_does_not_lower_it(rms: float) -> None:
    dbfs = 20 * math.log10(rms)
    assert level.active_level(tone(3, rms=rms)) == pytest.approx(dbfs, abs=0.1)
    quiet = np.zeros(3 * RATE_HZ, np.float32)
    among = np.concatenate([quiet, tone(3, rms=rms), quiet])
    # The 0.2 s of hangover count as speech: 0.3 dB of 3 s.
    assert level.active_level(among) == pytest.approx(dbfs - 0.3, abs=0.15)
    assert level.active_level(among + np.float32(0.2)) == pytest.approx(dbfs - 0.3, abs=0.15)


def test_silence_has_no_level() -> None:
    assert level.active_level(np.zeros(RATE_HZ, np.float32)) is None
    assert level.active_level(np.zeros(0, np.float32)) is None


@cache
def human() -> tuple[Samples, tuple[tuple[float, float], ...], Delivery]:
    """A clip, where there is speech in it, and how it was said."""
    samples = audio.read(CLIPS / "human.flac").samples
    spans = find_speech(samples)
    return samples, spans, deliver(samples, "新闻上都在播呢", spans=spans)


@settings(max_examples=8)
@given(st.floats(-40, 0))
def test_gain_changes_the_level_and_nothing_else(gain_db: float) -> None:
    samples, spans, plain = human()
    louder = samples * np.float32(10 ** (gain_db / 20))
    changed = deliver(louder, "新闻上都在播呢", spans=spans)
    assert changed.level_dbfs == pytest.approx((plain.level_dbfs or 0) + gain_db, abs=0.11)
    for name in set(FIGURES) - {"level_dbfs", "pauses"}:
        assert getattr(changed, name) == pytest.approx(getattr(plain, name), rel=0.02, abs=0.1)
    assert (changed.pauses, changed.untold) == (plain.pauses, plain.untold)


# ---- what cannot be told ---------------------------------------------------------


def whisper(samples: Samples) -> Samples:
    """The sound without its voice: the spectrum of each moment with phases of chance."""
    rng = np.random.default_rng(2)
    window = np.hanning(512)
    out = np.zeros(len(samples) + 512)
    for i in range(0, len(samples) - 512, 128):
        spectrum = np.abs(np.fft.rfft(samples[i : i + 512] * window))
        spectrum = np.convolve(spectrum, np.ones(12) / 12, "same")
        turned = spectrum * np.exp(2j * np.pi * rng.random(len(spectrum)))
        out[i : i + 512] += np.fft.irfft(turned) * window
    return out[: len(samples)].astype(np.float32)


def farewell() -> Samples:
    return audio.read(CLIPS / "farewell.flac").samples


def told(delivery: Delivery, names: tuple[str, ...]) -> set[object]:
    return {delivery.untold.get(name) for name in names}


def test_a_whisper_has_no_pitch() -> None:
    found = deliver(whisper(farewell()), "请慢走欢迎下次光临")
    assert told(found, MELODY) == {Unavailable.UNVOICED}
    assert found.pitch_hz is None
    assert found.speech_cps is not None


def test_one_syllable_has_neither_pace_nor_melody() -> None:
    samples = np.concatenate([silence(0.5), farewell()[int(0.75 * RATE_HZ) : int(1.1 * RATE_HZ)]])
    found = deliver(np.concatenate([samples, silence(0.5)]), "请")
    assert found.untold["speech_cps"] is Unavailable.SHORT
    assert told(found, MELODY) == {Unavailable.SHORT}
    assert found.level_dbfs is not None


@pytest.mark.slow
def test_music_and_other_voices_are_told_from_the_speaker() -> None:
    speech = np.concatenate([silence(1), farewell()])
    found = deliver(speech + tone(len(speech) / RATE_HZ, 330, 0.004)[: len(speech)], "请慢走再见")
    assert told(found, (*TIMING, *MELODY)) <= {Unavailable.OTHERS, Unavailable.NOISY}
    far = np.concatenate([speech, audio.read(CLIPS / "human.flac").samples * np.float32(0.3)])
    found = deliver(far, "请慢走欢迎下次光临新闻")
    assert told(found, TIMING) == {Unavailable.OTHERS}
    offset = far * np.float32(0.5) + np.float32(0.1)
    assert told(deliver(offset, "请慢走欢迎下次光临新闻"), TIMING) == {Unavailable.OTHERS}


def test_noise_leaves_pace_and_pitch_open() -> None:
    rng = np.random.default_rng(4)
    speech = farewell()
    noisy = speech + rng.normal(0, 0.02, len(speech)).astype(np.float32)
    found = deliver(noisy, "请慢走欢迎下次光临", spans=((0.77, 2.97),))
    assert Flaw.NOISY in found.flaws
    assert told(found, (*TIMING, *MELODY)) == {Unavailable.NOISY}


def test_a_text_that_repeats_itself_gives_no_pace() -> None:
    found = deliver(farewell(), "请慢走" * 12)
    assert told(found, TIMING) == {Unavailable.TEXT}


def test_telephone_and_offset_make_no_difference_to_pace() -> None:
    import soxr

    speech = farewell()
    plain = deliver(speech, "请慢走欢迎下次光临")
    narrow = soxr.resample(soxr.resample(speech, RATE_HZ, 8000), 8000, RATE_HZ)
    for changed in (narrow, speech + np.float32(0.1)):
        found = deliver(changed.astype(np.float32), "请慢走欢迎下次光临")
        assert found.speech_cps == pytest.approx(plain.speech_cps, rel=0.06)
        assert found.pitch_hz == pytest.approx(plain.pitch_hz, rel=0.03)
        assert found.level_dbfs == pytest.approx(plain.level_dbfs, abs=0.3)


SOUND = tone(4)
spans = st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 2)), max_size=5)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    spans,
    st.text(alphabet="请慢走，欢迎下次光临12 嗯a", max_size=14),
    st.lists(st.floats(0, 10), max_size=14),
    st.lists(st.floats(70, 400) | st.just(float("nan")), max_size=50),
)
def test_whatever_comes_there_is_a_figure_or_a_reason(
    gaps: list[tuple[float, float]], text: str, times: list[float], hz: list[float]
) -> None:
    at, found = 0.0, []
    for gap, length in gaps:
        found.append((at + gap, at + gap + length))
        at += gap + length
    samples = SOUND[: int((at + 0.1) * RATE_HZ)]
    check = check_speech(samples, tuple(found), 0.0)
    score = score_transcript(FAREWELL, text)
    transcript = heard(text, tuple(sorted(times))[: len(text)])
    delivery = measure(samples, check, PitchTrack(0.016, np.array(hz)), transcript, score)
    for name in FIGURES:
        assert (getattr(delivery, name) is None) == (name in delivery.untold)
    aims_of(delivery, Targets(volume=Volume.SOFT))


def test_a_take_that_was_not_judged_has_a_reason_for_everything() -> None:
    assert set(unmeasured().untold) == set(FIGURES)
    assert aims_of(unmeasured(), Targets()) == ()


# ---- targets and points ----------------------------------------------------------


def aim(delivery: Delivery, which: Aim, targets: Targets = DEFAULT_TARGETS) -> AimResult | None:
    return next((a for a in aims_of(delivery, targets) if a.aim is which), None)


@pytest.mark.parametrize(
    ("pace", "kept"), [(2.6, False), (2.75, True), (4.0, True), (5.4, True), (5.6, False)]
)
def test_a_pace_is_held_against_its_limits_with_what_listeners_notice(
    pace: float, kept: bool
) -> None:
    found = aim(Delivery(speech_cps=pace), Aim.PACE)
    assert found == AimResult(Aim.PACE, kept, pace, *DEFAULT_PACE)


def test_only_a_long_pause_inside_of_a_phrase_counts() -> None:
    comma, short, long = Pause(1, 2.0, 3, False), Pause(2, 0.4, 6, True), Pause(2, 0.7, 6, True)
    for pauses, kept in (((), True), ((comma, short), True), ((comma, long), False)):
        found = aim(Delivery(pauses=pauses), Aim.FLUENCY)
        assert found is not None
        assert found.kept is kept
    assert aim(Delivery(pauses=(Pause(2, 0.7),)), Aim.FLUENCY) is None


def test_volume_counts_only_where_it_is_asked_for() -> None:
    loud = Delivery(level_dbfs=-15.0)
    assert aim(loud, Aim.VOLUME) is None
    soft, clear = (aim(loud, Aim.VOLUME, Targets(volume=v)) for v in (Volume.SOFT, Volume.CLEAR))
    assert soft is not None
    assert clear is not None
    assert (soft.kept, clear.kept) == (False, True)


HURRIED = AimResult(Aim.PACE, False, 7.0, *DEFAULT_PACE)
FLUENT = AimResult(Aim.FLUENCY, True, 0.0, None, 0.5)

texts = st.text(alphabet="请慢走您好坐欢迎下次光临再见的了是", min_size=1, max_size=14)
some_aims = st.lists(st.sampled_from([HURRIED, FLUENT, replace(HURRIED, kept=True)]), max_size=3)


@given(st.sampled_from([FAREWELL, SEAT, LINE]), texts, some_aims)
def test_delivery_costs_points_only_where_it_may_fail_and_never_helps(
    line: Line, text: str, aims: list[AimResult]
) -> None:
    words = score_transcript(line, text)
    score = with_aims(words, tuple(aims), may_fail=False)
    assert score.passed is words.passed
    assert score.total == words.total
    binding = with_aims(words, tuple(aims), may_fail=True)
    assert binding.total is not None
    assert words.total is not None
    assert words.total - 10.001 <= binding.total <= words.total
    assert not (binding.passed and not words.passed)


def test_delivery_fails_a_take_where_the_scenario_says_so() -> None:
    words = score_transcript(FAREWELL, "请慢走下次光")  # one courtesy of three is lost
    words = replace(words, elements=words.elements[:2])
    assert with_aims(words, (), may_fail=True).passed
    assert with_aims(words, (HURRIED,), may_fail=False).passed
    failed = with_aims(words, (HURRIED,), may_fail=True)
    assert failed.passed is False
    assert failed.total is not None
    assert failed.total < PASS_MARK


@pytest.mark.slow
@given(st.lists(st.tuples(texts, some_aims, st.booleans()), min_size=1, max_size=5))
def test_tallies_of_takes_add_up(takes: list[tuple[str, list[AimResult], bool]]) -> None:
    scores: list[Score] = [
        with_aims(score_transcript(FAREWELL, text), tuple(aims), may_fail=may_fail)
        for text, aims, may_fail in takes
    ]
    whole = reduce(add, map(tally_of, scores))
    binding = [score for score in scores if score.aims_may_fail]
    assert whole.aims == sum(len(score.aims) for score in binding)
    assert whole.kept == sum(a.kept for score in binding for a in score.aims)
    assert sum(part.weight for part in whole.components) == pytest.approx(1)


# ---- from hall to hall -----------------------------------------------------------


def record(delivery: Delivery, targets: Targets = DEFAULT_TARGETS) -> Record:
    score = with_aims(score_transcript(FAREWELL, "请慢走"), (HURRIED, FLUENT), may_fail=True)
    assessment = Assessment(CHECK, heard("请慢走"), None, score, MODEL, VERSION, delivery)
    spec = replace(FAREWELL, targets=targets)
    return Record(take(spec=spec, audio=None), (ScoreRecord(now(), assessment),))


def test_a_delivery_travels_in_a_pack() -> None:
    samples = np.concatenate([farewell(), silence(0.5), farewell()])
    sent = record(deliver(samples, "请慢走欢迎下次光临"), Targets((7.0, 9.0), Volume.SOFT, True))
    assert record_from_bytes(sent.take.id, record_to_bytes(sent)) == sent
    old = record(unmeasured())
    assert record_from_bytes(old.take.id, record_to_bytes(old)) == old


def test_what_only_earlier_versions_stored_is_ignored() -> None:
    sent = record(deliver(farewell(), "请慢走欢迎下次光临"))
    old = json.loads(record_to_bytes(sent))
    assessment = old["judgements"][0]["assessment"]
    assessment["check"]["reason"] = None
    kept, *lacked = REMOVED_FIGURES
    assessment["delivery"] |= {kept: 0.5, **dict.fromkeys(lacked)}
    assessment["delivery"]["untold"] |= dict.fromkeys(lacked, "short")
    read = TypeAdapter(Assessment).validate_json(json.dumps(assessment))
    assert read == sent.judgements[0].assessment
    assert record_from_bytes(sent.take.id, json.dumps(old).encode()) == sent


@pytest.mark.parametrize(
    ("delivery", "targets"),
    [
        (replace(unmeasured(), untold={}), DEFAULT_TARGETS),
        (replace(unmeasured(), speech_cps=4.0), DEFAULT_TARGETS),
        (replace(unmeasured(), untold={"charm": Unavailable.SHORT}), DEFAULT_TARGETS),
        (unmeasured(), Targets((5.0, 3.0))),
    ],
)
def test_a_forged_delivery_is_refused(delivery: Delivery, targets: Targets) -> None:
    sent = record(delivery, targets)
    with pytest.raises(FormatError):
        record_from_bytes(sent.take.id, record_to_bytes(sent))
