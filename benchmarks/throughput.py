"""Hours of audio judged in an hour, for 200 clips, against others; and the memory of it.

    python benchmarks/throughput.py [--manifest FILE] [--clips N]

Contenders go through the clips in turn, 20 at a time, so that a noisy machine is noisy
for all. Ours judge with evidence and second looks, one thread for each processor; the
others write text, one clip after the other, with as many threads. Then the peak memory of
`practice score` over 50 and over 500 recordings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import contenders
import torch

from practice.audio import clip as audio
from practice.training.batch import Row, cores, in_order

TOGETHER = 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    parser.add_argument("--clips", type=int, default=200)
    options = parser.parse_args()
    rows = contenders.speech_rows(options.manifest)
    rows = rows[:: max(1, len(rows) // options.clips)][: options.clips]
    hours = sum(row.keys["seconds"] for row in rows) / 3600
    print(f"{len(rows)} clips, {3600 * hours:.0f} s; processors: {cores()}")
    ways = _ways()
    spent: Counter[str] = Counter()
    waiting = iter(rows)
    while chunk := list(islice(waiting, TOGETHER)):
        for name, way in ways.items():
            start = time.perf_counter()
            way(chunk)
            spent[name] += time.perf_counter() - start
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    base = spent[contenders.WHISPER]
    print(f"{'':48} {'hours an hour':>13} {'of openai':>9}")
    for name, seconds in spent.items():
        print(f"{name:48} {3600 * hours / seconds:13.1f} {base / seconds:8.2f}x")
    _print_memory(rows)


def _ways() -> dict[str, Callable[[Sequence[Row]], None]]:
    judge = contenders.our_judge()
    threads = torch.get_num_threads()

    def ours(jobs: int) -> Callable[[Sequence[Row]], None]:
        def way(rows: Sequence[Row]) -> None:
            work = lambda row: judge.assess(audio.read(row.path), row.line)  # noqa: E731
            list(in_order(work, rows, jobs))
            torch.set_num_threads(threads)

        return way

    ways = {f"practice, {cores()} jobs": ours(cores()), "practice, 1 job": ours(1)}
    for name, load in contenders.loaders().items():
        if name in (contenders.OUR_TEXT, contenders.OUR_WHOLE):
            continue
        contender = load()

        def way(rows: Sequence[Row], hear: Callable[..., str] = contender.hear) -> None:
            for row in rows:
                hear(audio.read(row.path).samples, row)

        ways[contender.name] = way
    return ways


def _print_memory(rows: Sequence[Row]) -> None:
    print("peak memory of `practice score`")
    for number in (50, 500):
        files = [str(rows[i % len(rows)].path) for i in range(number)]
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "cli", "score", "--scenario", "farewell", *files]
            peak = contenders.peak_mb(command, PRACTICE_RECORDINGS=scratch)
        print(f"  {number:4} recordings {peak:6.0f} MB")


if __name__ == "__main__":
    main()
