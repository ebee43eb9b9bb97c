"""How surely characters are heard that were said.

    python benchmarks/clarity.py [--manifest FILE]

Everything in the labeled clips was said: what is less clear there or not heard is the
recognizer's doing. The limit was chosen on the
clean clips of the first scenarios (`CHOSEN_ON`), and is checked on all others; clean and human
clips are also muffled (nothing above 1 kHz) and put into noise (5 dB), which should tell.
Prints the table of docs/clarity.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import contenders
import numpy as np

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples
from practice.delivery.clarity import CLEAR_FROM, Clarity, clarity, unclear
from practice.mandarin.alignment import columns, places
from practice.records.attempt import Assessment
from practice.records.scenario import Line
from practice.records.score import Op
from practice.scenarios.markup import parse_script

CHOSEN_ON = {"farewell", "greeting", "seat", "wait", "return_docs"}
UNTOLD = "cannot tell"
MARKED = "clips with ？ after the take"
HEADS = ("clips", "characters", "clear", "less clear", "not heard", UNTOLD, MARKED)


def main() -> None:
    """Judge every clip, and print how its characters came across."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    judge, random = contenders.our_judge(), np.random.default_rng(1)
    counted: dict[str, Counter[str]] = {}
    right: dict[str, list[float]] = {}
    for row in contenders.speech_rows(parser.parse_args().manifest):
        line = Line("", parse_script(row.keys["spoken"], {}))
        clip = audio.read(row.path)
        for group, samples in groups(row.keys, clip.samples, random):
            found = judge.assess(replace(clip, samples=samples), line)
            counts = counted.setdefault(group, Counter())
            of_columns = clarity(found)
            levels = [level for level in of_columns if level is not None]
            counts.update(levels)
            counts[UNTOLD] += 0 if levels else found.score.counts.reference_length
            counts["clips"] += 1
            shown = columns(found.score.chunks)
            counts[MARKED] += any(shown[i].op is Op.EQUAL for i in unclear(of_columns))
            right.setdefault(group, []).extend(written_right(found))
    print("| speech | " + " | ".join(HEADS) + " |\n" + "|---" * (len(HEADS) + 1) + "|")
    for group, counts in sorted(counted.items()):
        total = sum(counts[name] for name in (*Clarity, UNTOLD))
        shares = (f"{counts[name] / total:.1%}" for name in (*Clarity, UNTOLD))
        cells = (group, str(counts["clips"]), str(total), *shares, str(counts[MARKED]))
        print("| " + " | ".join(cells) + " |")
    print(f"\nof the characters written right, below {CLEAR_FROM} nats:")
    for group, logprobs in sorted(right.items()):
        print(f"  {group}: {np.mean(np.array(logprobs) < CLEAR_FROM):.1%} of {len(logprobs)}")


def groups(
    keys: dict[str, str], samples: Samples, random: np.random.Generator
) -> Iterator[tuple[str, Samples]]:
    """What a clip is counted as, and as which samples."""
    if keys["kind"] != "synthetic":
        name = "human"
    elif keys["condition"] != "clean":
        name = {"noise20": "noise 20 dB", "room": "room"}[keys["condition"]]
        yield name, samples
        return
    else:
        name = "clean, chosen on" if keys["scenario"] in CHOSEN_ON else "clean, others"
    yield name, samples
    name = name.partition(",")[0]
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    low = np.fft.irfft(spectrum / np.sqrt(1 + (hz / 1000) ** 12), len(samples))
    yield f"{name}, muffled", low.astype(np.float32)
    rms = np.sqrt(np.mean(np.square(samples)))
    noise = random.normal(0, rms * 10 ** (-5 / 20), len(samples))
    yield f"{name}, noise 5 dB", (samples + noise).astype(np.float32)


def written_right(found: Assessment) -> Iterator[float]:
    """The log-probabilities of the characters that were written as they are in the script."""
    chunks, transcript = found.score.chunks, found.transcript
    if transcript is None or len(transcript.logprobs) != len(transcript.text):
        return
    for column, place in zip(columns(chunks), places(chunks), strict=True):
        if column.op is Op.EQUAL and place is not None:
            yield transcript.logprobs[place]


if __name__ == "__main__":
    main()
