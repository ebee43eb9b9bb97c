"""How long `practice list` takes in a folder of many scenarios, as a whole process.

    python benchmarks/listing.py [--scenarios 2000] [--attempts 20000]

Copies the shipped scenarios to a temporary folder under so many ids, fills a store beside
them, and runs the command in turns with the bare start of Python with Click: the median
times, and the ratio; and the processor's time, which other programs disturb less. Nothing
is kept between two runs, so each of them is a first one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from review import fill

from practice import scenarios as prompts
from practice.paths import default_prompts
from practice.store import Store

ROUNDS = 9


def main() -> None:
    """Make the folder, run both in turns, print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=2_000)
    parser.add_argument("--attempts", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = make(folder / "prompts", options.scenarios)
        fill(Store(folder / "recordings"), options.attempts)
        env = os.environ | {
            "PRACTICE_PROMPTS": str(folder / "prompts"),
            "PRACTICE_RECORDINGS": str(folder / "recordings"),
            "PRACTICE_TRAINEE": "学员7",
            "PRACTICE_GROUP": "厅7",
        }
        listing = [str(Path(sys.executable).with_name("practice")), "list"]
        bare = [sys.executable, "-c", "import click"]
        times = [(*timed_s(listing, env), *timed_s(bare, env)) for _ in range(ROUNDS)]
        ours, busy, start, _busy = (statistics.median(c) for c in zip(*times, strict=True))
        print(f"{options.scenarios} scenarios of {lines} lines of YAML")
        print(f"practice list    {ours:.2f} s ({busy:.2f} s of the processor)")
        print(f"python and click {start:.2f} s; ratio {ours / start:.1f}")


def make(folder: Path, n: int) -> int:
    """Copy the shipped scenarios, one after the other, until there are n."""
    (folder / "rules").mkdir(parents=True)
    source = default_prompts()
    banned = Path("rules", "banned.yaml")
    (folder / banned).write_bytes((source / banned).read_bytes())
    texts = [(source / f"{i}.yaml").read_text("utf-8") for i in prompts.scenario_ids(source)]
    lines = 0
    for number, text in zip(range(n), cycle(texts), strict=False):
        (folder / f"s{number}.yaml").write_text(text, "utf-8")
        lines += text.count("\n")
    return lines


def timed_s(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """How long a process takes, and how long it keeps a processor busy."""
    began, before = time.perf_counter(), os.times()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    busy = after.children_user - before.children_user + after.children_system
    return time.perf_counter() - began, busy - before.children_system


if __name__ == "__main__":
    main()
