"""The figures of the delivery against signals whose truth is known.

    python benchmarks/delivery.py [--manifest FILE]

Tones of known pitch and level; a clip of tests/clips with silences cut in at known places. The
human clips of the manifest one behind the other with a silence between, slowed and sped by
known factors; the times of their characters against the onsets of sounds, their pitch against
WORLD's Harvest with StoneMask, frame by frame, and what becomes of it with another voice mixed
in; that needs `pip install -c constraints.txt -e .[benchmark]`. Prints the table of
docs/delivery.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

# Before numpy and onnxruntime start their threads: the time is that of one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import contenders
import numpy as np
import soxr

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples, check_speech
from practice.audio.voice_activity import find_speech
from practice.delivery import level, pitch
from practice.delivery import measure as delivery
from practice.delivery.pitch_tracker import STEP_S, track
from practice.mandarin.normalization import normalize
from practice.records.delivery import FIGURES, Delivery, Unavailable
from practice.records.recognition import Transcript
from practice.records.scenario import Line
from practice.records.score import Score
from practice.scenarios.markup import parse_script

CLIPS = Path(__file__).parent.parent / "tests" / "clips"
TEXT = "请慢走，欢迎下次光临。"
# Where 走, 欢迎 and 下次 end in farewell.flac.
CUTS_S = {3: 1.45, 6: 1.945, 8: 2.43}
BETWEEN_S = 0.6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    rows = contenders.speech_rows(parser.parse_args().manifest)
    people = [row for row in rows if row.keys["kind"] == "real"]
    clips = [audio.read(row.path).samples for row in people]
    texts = [row.keys["spoken"] for row in people]
    judge = contenders.our_judge()
    parts = (
        tones(),
        loudness(),
        cut_in(judge),
        between(judge, clips, texts),
        at_other_speeds(judge, clips, texts),
        onsets(judge, clips),
        gains(),
        against_harvest(clips),
        other_voices(clips),
        speed(),
    )
    print("| figure | signal | truth | found | error |\n|---|---|---|---|---|")
    for cells in chain.from_iterable(parts):
        print("| " + " | ".join(cells) + " |", flush=True)


def tone(hz: Samples, rms: float = 0.1) -> Samples:
    """A tone with overtones that follows a pitch, a value for each sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    wave = np.sum([np.sin(k * phase) / k for k in range(1, 12)], axis=0)
    return (wave * rms / np.sqrt(np.mean(wave**2))).astype(np.float32)


def tones() -> Iterator[tuple[str, ...]]:
    """The pitch of tones and glides."""
    for hz in (75, 110, 150, 220, 330, 450):
        found = pitch.median_hz(track(tone(np.full(2 * RATE_HZ, float(hz))))) or 0.0
        cents = 1200 * np.log2(found / hz)
        yield "pitch", "tone, 2 s", f"{hz} Hz", f"{found:.1f} Hz", f"{cents:+.0f} cents"
    for rise in (4.0, 12.0, -7.0):
        glide = 150 * 2 ** (np.linspace(0, rise, 2 * RATE_HZ) / 12)
        found = track(tone(glide))
        wide, end = pitch.range_semitones(found) or 0.0, pitch.final_semitones(found) or 0.0
        truth = 0.8 * abs(rise)
        signal = f"glide of {rise:+g} semitones, 2 s"
        yield "range", signal, f"{truth:.1f} st", f"{wide:.1f} st", f"{wide - truth:+.1f} st"
        last = rise * (pitch.FINAL_S - STEP_S) / 2
        yield "final", signal, f"{last:+.1f} st", f"{end:+.1f} st", f"{end - last:+.1f} st"


def loudness() -> Iterator[tuple[str, ...]]:
    """The active level of a tone, alone and with as much silence before and behind it."""
    for rms in (0.2, 0.02, 0.002):
        truth = 20 * np.log10(rms)
        plain = tone(np.full(3 * RATE_HZ, 180.0), rms)
        quiet = np.zeros(3 * RATE_HZ, np.float32)
        for signal, samples in (
            ("tone, 3 s", plain),
            ("tone, 3 s of 9 s", np.concatenate([quiet, plain, quiet])),
        ):
            found = level.active_level(samples) or 0.0
            error = f"{found - truth:+.1f} dB"
            yield "level", signal, f"{truth:.1f} dBFS", f"{found:.1f} dBFS", error


def said(judge: Assessor, samples: Samples, text: str) -> Delivery:
    """The delivery of a take of a text."""
    found = judge.assess(contenders.clip_of(samples), Line("", parse_script(text, {}))).delivery
    assert found is not None
    return found


def cut_in(judge: Assessor) -> Iterator[tuple[str, ...]]:
    """Speech with silences cut in between two words."""
    samples = audio.read(CLIPS / "farewell.flac").samples
    for after, at in CUTS_S.items():
        for seconds in (0.5, 0.8, 1.5):
            place = int(at * RATE_HZ)
            quiet = np.random.default_rng(1).normal(0, 1e-4, int(seconds * RATE_HZ))
            cut = np.concatenate([samples[:place], quiet, samples[place:]]).astype(np.float32)
            found = said(judge, cut, TEXT)
            longest = found.longest_pause
            signal = f"{seconds} s cut in behind {TEXT[:after]}"
            # What was silent there before is a part of it.
            truth = seconds + silent_s(samples, at)
            if longest is None:
                why = found.untold.get("pauses") or "none found"
                yield "pause", signal, f"{truth:.2f} s", str(why), "–"
                continue
            error = longest.length_s - truth
            where = "right" if longest.after == after else f"behind {TEXT[: longest.after]}"
            seen = f"{longest.length_s:.2f} s, {len(found.pauses or ())} in all"
            yield "pause", signal, f"{truth:.2f} s", seen, f"{error:+.2f} s, place {where}"


def between(judge: Assessor, clips: list[Samples], texts: list[str]) -> Iterator[tuple[str, ...]]:
    """Two clips as one take, with a silence between that stands where the script has no sign."""
    even = [spoken_part(clip) for clip in clips]
    quiet = np.random.default_rng(1).normal(0, 1e-5, int(BETWEEN_S * RATE_HZ)).astype(np.float32)
    errors, away, untold = [], Counter[int](), 0
    for one, two in pairwise(range(len(clips))):
        found = said(judge, np.concatenate([even[one], quiet, even[two]]), texts[one] + texts[two])
        middle = len(even[one]) / RATE_HZ + BETWEEN_S / 2
        there = [p for p in found.pauses or () if p.start_s <= middle <= p.start_s + p.length_s]
        if not there or there[0].after is None:
            untold += 1
            continue
        errors.append(there[0].length_s - BETWEEN_S)
        away[abs(there[0].after - len(texts[one]))] += 1
    places = ", ".join(
        f"{n} {'right' if not off else f'{off} off'}" for off, n in sorted(away.items())
    )
    yield (
        "pause",
        f"{BETWEEN_S} s between two human clips, {len(clips) - 1} pairs",
        f"{BETWEEN_S:.2f} s",
        f"places in characters: {places}; {untold} not told",
        f"{statistics.median(errors):+.2f} s in the median, {max(errors, key=abs):+.2f} s at most",
    )


def at_other_speeds(
    judge: Assessor, clips: list[Samples], texts: list[str]
) -> Iterator[tuple[str, ...]]:
    """Clips slowed and sped by resampling, against the pace that each had before."""
    plain = [said(judge, clip, text).speech_cps for clip, text in zip(clips, texts, strict=True)]
    for factor in (0.8, 1.25, 1.5):
        errors = []
        for clip, text, before in zip(clips, texts, plain, strict=True):
            changed = soxr.resample(clip, RATE_HZ * factor, RATE_HZ).astype(np.float32)
            pace = said(judge, changed, text).speech_cps
            if before is not None and pace is not None:
                errors.append(pace / (before * factor) - 1)
        low, middle, high = np.percentile(errors, [10, 50, 90])
        yield (
            "pace",
            f"{len(clips)} human clips, {factor} times as fast",
            f"× {factor}",
            f"of {len(errors)} told",
            f"{middle:+.1%} in the median, 80 % within {low:+.1%} and {high:+.1%}",
        )


def spoken_part(samples: Samples) -> Samples:
    """A clip from first to last speech, at one level."""
    spans = find_speech(samples)
    part = samples[int(spans[0][0] * RATE_HZ) : int(spans[-1][1] * RATE_HZ)]
    return (part / np.sqrt(np.mean(np.square(part))) * 0.05).astype(np.float32)


def silent_s(samples: Samples, at_s: float) -> float:
    """How long it is silent about a moment: 10 ms that lie 40 dB below the loudest."""
    whole = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    power = np.mean(np.square(whole), axis=1)
    loud = np.flatnonzero(power > np.max(power) / 1e4)
    place = int(at_s * 100)
    return float(loud[loud > place].min() - loud[loud <= place].max() - 1) / 100


def measured(samples: Samples, text: str) -> Delivery:
    """The figures that need no recognizer but for the number of characters."""
    check = check_speech(samples, find_speech(samples), 0.0)
    transcript = Transcript(text, -0.2, 0.0, 1.0)
    return delivery.measure(samples, check, track(samples), transcript, Score(text, ()))


def gains() -> Iterator[tuple[str, ...]]:
    """How far a gain changes any other figure than the level."""
    samples = audio.read(CLIPS / "human.flac").samples
    text = "新闻上都在播呢"
    samples = samples * np.float32(0.1 / np.max(np.abs(samples)))
    plain = measured(samples, text)
    names = [name for name in FIGURES if name not in ("level_dbfs", "pauses")]
    for gain_db in (-20, 20):
        found = measured(samples * np.float32(10 ** (gain_db / 20)), text)
        worst = max(abs(getattr(found, n) / getattr(plain, n) - 1) for n in names)
        assert found.pauses == plain.pauses
        change = (found.level_dbfs or 0.0) - (plain.level_dbfs or 0.0)
        yield (
            "gain",
            f"human.flac, {gain_db:+d} dB",
            f"{gain_db:+.1f} dB",
            f"level {change:+.1f} dB",
            f"other figures {worst:.1%}",
        )


def onsets(judge: Assessor, clips: list[Samples]) -> Iterator[tuple[str, ...]]:
    """How far from the times of characters sounds begin: where the spectrum grows most.

    The spectral flux (the growth of the log spectrum in 15 ms) is averaged at each distance
    from all characters but the first, up to half a syllable away.
    """
    line = Line("", ())
    away_s = np.arange(-0.1, 0.105, 0.01)
    about: list[Samples] = []
    for samples in clips:
        recognition = judge.listen(contenders.clip_of(samples), line).recognition
        if recognition is None:
            continue
        text, times = recognition.transcript.text, recognition.times_s()
        said = [at_s for char, at_s in zip(text, times, strict=True) if normalize(char)]
        flux = growth(samples)
        at_s = (np.arange(len(flux)) + 1.5) * 0.005 + 0.01
        about += [np.interp(time_s + away_s, at_s, flux) for time_s in said[1:]]
    nearest = round(float(away_s[int(np.argmax(np.mean(about, axis=0)))]), 2) + 0.0
    signal = f"{len(clips)} human clips, {len(about)} characters"
    yield "times", signal, "onsets of sounds", "most of them", f"{nearest:+.2f} s away"


def growth(samples: Samples) -> Samples:
    """How much the log spectrum of 20 ms grows within 15 ms, in steps of 5 ms."""
    step, window = RATE_HZ // 200, RATE_HZ // 50
    starts = range(0, len(samples) - window, step)
    frames = np.stack([samples[at : at + window] for at in starts]) / np.max(np.abs(samples))
    spectrum = np.log(6e-3 + np.abs(np.fft.rfft(frames * np.hanning(window))))
    flux: Samples = np.maximum(0, spectrum[3:] - spectrum[:-3]).mean(axis=1)
    return flux / np.std(flux)


def against_harvest(clips: list[Samples]) -> Iterator[tuple[str, ...]]:
    """The pitch of human voices beside that of an estimator of another kind."""
    import pyworld

    apart: list[float] = []
    for samples in clips:
        ours = pitch.without_octave_errors(track(samples)).hz
        wave = samples.astype(np.float64)
        rough, times = pyworld.harvest(
            wave, RATE_HZ, f0_floor=60.0, f0_ceil=500.0, frame_period=1000 * STEP_S
        )
        theirs = pyworld.stonemask(wave, rough, times, RATE_HZ)
        n = min(len(ours), len(theirs))
        both = ~np.isnan(ours[:n]) & (theirs[:n] > 0)
        apart += (12 * np.log2(ours[:n][both] / theirs[:n][both])).tolist()
    away = np.abs(apart)
    octaves = int(np.count_nonzero(np.abs(away - 12) < 1.5))
    gross = float(np.mean(away > 12 * np.log2(1.2)))
    yield (
        "pitch",
        f"{len(clips)} human clips, {len(apart)} frames",
        "Harvest",
        f"median {100 * float(np.median(away)):.0f} cents apart",
        f"{octaves} octave errors ({octaves / len(apart):.2%}), {gross:.1%} beyond 20 %",
    )


def other_voices(clips: list[Samples]) -> Iterator[tuple[str, ...]]:
    """How often a second voice under the first is noticed, so that no pitch is given."""
    even = [c / np.sqrt(np.mean(np.square(c))) * 0.05 for c in clips]
    for below in (None, 0, -10, -20):
        told, off = 0, []
        for i, own in enumerate(even):
            other = np.resize(even[(7 * i + 3) % len(even)], len(own))
            mixed = own if below is None else own + other * 10 ** (below / 20)
            found = measured(mixed.astype(np.float32), "一二三四五六七八")
            told += found.untold.get("pitch_hz") is Unavailable.OTHERS
            alone = measured(own.astype(np.float32), "一二三四五六七八").pitch_hz
            if alone is not None and found.pitch_hz is not None:
                off.append(abs(12 * np.log2(found.pitch_hz / alone)))
        signal = "one voice alone" if below is None else f"another voice, {below} dB beside it"
        worst = f"else {np.median(off):.1f} st off in the median" if off else "–"
        yield "pitch", signal, f"{len(even)} clips", f"{told} times “cannot tell”", worst


def speed() -> Iterator[tuple[str, ...]]:
    """The time that all figures of 5 s take on one core, beside the 5 s."""
    speech = audio.read(CLIPS / "farewell.flac").samples
    take = np.resize(speech, 5 * RATE_HZ).astype(np.float32)
    check = check_speech(take, find_speech(take), 0.0)
    transcript = Transcript(TEXT, -0.2, 0.0, 1.0, tuple(np.linspace(0.8, 4.5, len(TEXT))))
    ratios = []
    for _round in range(9):
        start = time.perf_counter()
        delivery.measure(take, check, track(take), transcript, Score(TEXT, ()))
        ratios.append((time.perf_counter() - start) / 5)
    ratio = statistics.median(ratios[1:])
    yield "time", "all figures of 5 s", "< 0.1", f"{ratio:.3f} of its length", "–"


if __name__ == "__main__":
    main()
