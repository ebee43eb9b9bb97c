"""From the end of speech to the score: ours against openai-whisper's transcribe().

    python benchmarks/latency.py [CLIP…]

Both run on the same loaded model, in turn, in one process with equal threads; printed are
medians and their ratio. Peak memory is that of a whole `practice run` on one clip.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
import whisper

from practice import prompts
from practice.assess import Judge
from practice.places import default_prompts, models_dir
from practice.speech import audio, weights
from practice.speech.transcribe import PROMPT, load

ROUNDS = 7
CLIPS = Path(__file__).parent.parent / "tests" / "clips"


def main() -> None:
    """Time both on each clip, then print ratios and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", type=Path, default=sorted(CLIPS.glob("*.flac")))
    clips = parser.parse_args().clips
    warnings.simplefilter("ignore")
    model = weights.installed(models_dir(), "base") or weights.install(
        models_dir(), "base", lambda *_: None
    )
    transcriber = load(model)
    plain = whisper.load_model(str(model.path), device="cpu")
    judge = Judge(lambda: transcriber, prompts.load_banned(default_prompts()))
    line = prompts.load(default_prompts(), "farewell").lines[0]
    print(f"torch threads: {torch.get_num_threads()}, rounds: {ROUNDS}")
    print(f"{'clip':28} {'s':>5} {'practice':>9} {'whisper':>9} {'ratio':>6}")
    ratios = []
    for path in clips:
        samples = audio.read(path).samples
        ours, theirs = [], []
        for _round in range(ROUNDS + 1):
            start = time.perf_counter()
            judge.assess(audio.read(path), line)
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            whisper.transcribe(plain, samples, language="zh", initial_prompt=PROMPT, fp16=False)
            theirs.append(time.perf_counter() - start)
        # The first round warms up.
        a, b = statistics.median(ours[1:]), statistics.median(theirs[1:])
        ratios.append(a / b)
        seconds = len(samples) / 16_000
        print(f"{path.stem:28} {seconds:5.1f} {a:8.2f}s {b:8.2f}s {a / b:6.2f}")
    print(f"median ratio: {statistics.median(ratios):.2f}")
    print(f"peak memory of `practice run`: {peak_mb(clips[0]):.0f} MB")


def peak_mb(clip: Path) -> float:
    """Peak resident memory of a whole run on one clip, in MB of 1e6 bytes."""
    # A small process in between: Linux hands a parent's peak down to its children.
    between = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    run = [sys.executable, "-m", "cli", "run", "farewell", "--audio", str(clip)]
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [sys.executable, "-c", between, *run],
            env={**os.environ, "PRACTICE_RECORDINGS": scratch},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    return int(done.stdout) * 1024 / 1e6


if __name__ == "__main__":
    main()
