"""How far totals differ when the same speech is heard again: the noise of the measure.

    python benchmarks/noise.py [--manifest FILE] [--every N]

Each labeled clip of people, and each Nth clean synthetic one, is judged as it is and in
six renderings in which the same is said: softer, louder, with noise at 25 dB, 3 % slower
and faster (as by resampling), and begun 0.3 s later. Printed is how far the totals of any
two of the seven lie apart, and those of each rendering from the clip itself.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import contenders
import numpy as np
import soxr

from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples
from practice.mandarin.normalization import normalize
from practice.scoring.trend import SHORT_MOST
from practice.training.batch import Row, read_manifest

GAIN = 10 ** (8 / 20)
SNR_DB = 25.0
FASTER = 1.03
LATER_S = 0.3
SHORT, LONG = f"any two, scripts of up to {SHORT_MOST} characters", "any two, longer scripts"


def main() -> None:
    """Judge every clip seven times, then print how far the totals lie apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    parser.add_argument("--every", type=int, default=3, help="synthetic clips: each Nth")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    judge = contenders.our_judge()
    rows = chosen(read_manifest(options.manifest), options.every)
    heard = []
    for number, row in enumerate(rows, 1):
        print(f"\r{number}/{len(rows)}", end="", file=sys.stderr)
        heard.append(totals(judge, row))
    print(file=sys.stderr)
    tell(rows, heard)


def totals(judge: Assessor, row: Row) -> dict[str, float]:
    """The total of each rendering of a clip, of those that are scored."""
    clip = audio.read(row.path)
    found = {}
    for name, change in RENDERINGS.items():
        total = judge.assess(replace(clip, samples=change(clip.samples)), row.line).score.total
        if total is not None:
            found[name] = total
    return found


def tell(rows: list[Row], heard: list[dict[str, float]]) -> None:
    """Print how far the totals lie apart."""
    between: dict[str, list[float]] = {"any two": [], SHORT: [], LONG: []}
    for row, of in zip(rows, heard, strict=True):
        apart = [abs(a - b) for a, b in combinations(of.values(), 2)]
        between["any two"] += apart
        between[LONG if len(normalize(row.line.script)) > SHORT_MOST else SHORT] += apart
    from_itself = {
        name: [abs(of[name] - of["itself"]) for of in heard if name in of and "itself" in of]
        for name in list(RENDERINGS)[1:]
    }
    unscored = sum(len(RENDERINGS) - len(of) for of in heard)
    print(f"{len(heard)} clips, {len(RENDERINGS)} renderings each, {unscored} not scored")
    heads = ("", "pairs", "equal", "median", "80 %", "90 %", "95 %", "most")
    print("| " + " | ".join(heads) + " |")
    for name, apart in {**between, **from_itself}.items():
        figures = [f"{np.quantile(apart, q):.1f}" for q in (0.5, 0.8, 0.9, 0.95, 1.0)]
        equal = f"{np.mean(np.array(apart) < 0.05):.0%}"
        print("| " + " | ".join((name, str(len(apart)), equal, *figures)) + " |")


def chosen(rows: list[Row], every: int) -> list[Row]:
    """The clips that are judged, each with the first script that it is a row of."""
    first = {row.path: row for row in reversed(rows)}.values()
    people = [row for row in first if row.keys["kind"] == "real"]
    synthetic = [row for row in first if row.keys.get("condition") == "clean"]
    return people + sorted(synthetic, key=lambda row: row.path)[::every]


def softer(samples: Samples) -> Samples:
    """8 dB less."""
    return samples / np.float32(GAIN)


def louder(samples: Samples) -> Samples:
    """8 dB more, as far as there is room."""
    room = 0.95 / max(float(np.max(np.abs(samples))), 1e-6)
    return samples * np.float32(min(GAIN, room))


def with_noise(samples: Samples) -> Samples:
    """White noise under it, the same in every run."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    noise = np.random.default_rng(7).standard_normal(len(samples)) * rms / 10 ** (SNR_DB / 20)
    return (samples + noise).astype(np.float32)


def slower(samples: Samples) -> Samples:
    """Played 3 % slower, and so a little lower."""
    return soxr.resample(samples, RATE_HZ, RATE_HZ * FASTER).astype(np.float32)


def faster(samples: Samples) -> Samples:
    """Played 3 % faster, and so a little higher."""
    return soxr.resample(samples, RATE_HZ * FASTER, RATE_HZ).astype(np.float32)


def later(samples: Samples) -> Samples:
    """Begun later, after silence, so that the recognizer's frames fall elsewhere."""
    return np.concatenate([np.zeros(int(LATER_S * RATE_HZ), dtype=np.float32), samples])


RENDERINGS: dict[str, Callable[[Samples], Samples]] = {
    "itself": lambda samples: samples,
    "softer": softer,
    "louder": louder,
    "with noise": with_noise,
    "slower": slower,
    "faster": faster,
    "later": later,
}


if __name__ == "__main__":
    main()
