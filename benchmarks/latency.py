"""How long after the last word the score is there, against others on the same weights.

    python benchmarks/latency.py [--manifest FILE] [--rounds N]

First clips of 2, 4, 8 and 15 s of the labeled speech, half of which follow their script
("as said": the ratio among these): each contender in turn, medians, with the character
error rate against what was spoken, and the peak memory of a process
that hears one of them. Then `practice run` as it goes at a microphone, the clips played
to it in real time: from the last spoken word to the score, the wait of auto-stop aside,
against the same run with openai-whisper's transcribe() for a transcriber.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import contenders
import numpy as np
import torch
from contenders import Contender, clip_of

from practice.assessment import early as ahead
from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.devices import Device
from practice.audio.recorder import Command, Meter, Microphone, Recorded
from practice.audio.signal_check import RATE_HZ, Samples, Spans
from practice.audio.voice_activity import find_speech
from practice.recognition.cache import CachedRecognizer
from practice.recognition.recognizer import Recognition
from practice.records.attempt import Attempt, Trainee
from practice.records.recognition import Transcript
from practice.records.review import Observation
from practice.records.scenario import Scenario
from practice.records.score import StrictCounts
from practice.scoring.evidence import TextPair
from practice.store import Store
from practice.training.batch import Row
from practice.training.session import Choice, Session, Start, Step, practice_steps

LENGTHS_S = (2, 4, 8, 15)
CLIPS = 6
RUNS = 12
END_SILENCE_S = 1.2
REST_S = 0.3
"""Before each: the last one's threads spin for up to 0.2 s after their work."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", nargs=2, metavar=("CONTENDER", "CLIP"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    rows = contenders.speech_rows(options.manifest)
    if options.alone:
        name, clip = options.alone
        _hear_one(name, next(row for row in rows if row.path.name == clip))
        return
    print(f"threads: {torch.get_num_threads()} for each, rounds: {options.rounds}")
    every = [load() for load in contenders.loaders().values()]
    for length_s in LENGTHS_S:
        _compare(every, _nearest(rows, length_s), length_s, options.rounds)
    clip = _nearest(rows, 4)[0].path.name
    print("\npeak memory of a process that hears one clip of 4 s")
    this = [sys.executable, __file__, "--manifest", str(options.manifest), "--alone"]
    for contender in every:
        print(f"  {contender.name:42} {contenders.peak_mb([*this, contender.name, clip]):5.0f} MB")
    _compare_runs(sorted(rows, key=lambda row: abs(row.keys["seconds"] - 4))[:RUNS])


def _nearest(rows: Sequence[Row], length_s: float) -> list[Row]:
    """Clips of about a length: as many that follow their script as that don't."""
    near = sorted(rows, key=lambda row: abs(row.keys["seconds"] - length_s))
    follow = [row for row in near if _follows(row)]
    others = [row for row in near if not _follows(row)]
    return [*follow[: CLIPS // 2], *others[: CLIPS // 2]]


def _follows(row: Row) -> bool:
    """Whether the script was said as it stands."""
    return bool(row.keys["spoken"] == row.keys["script"])


def _compare(every: Sequence[Contender], rows: Sequence[Row], length_s: int, rounds: int) -> None:
    spent: dict[str, list[tuple[float, bool]]] = {contender.name: [] for contender in every}
    errors = {contender.name: StrictCounts() for contender in every}
    for row in rows:
        samples = audio.read(row.path).samples
        times: dict[str, list[float]] = {contender.name: [] for contender in every}
        for number in range(rounds + 1):
            for contender in every:
                time.sleep(REST_S)
                start = time.perf_counter()
                text = contender.hear(samples, row)
                if number:  # the first round warms up
                    times[contender.name].append(time.perf_counter() - start)
                else:
                    errors[contender.name] += contenders.error_counts(row, text)
        for name, values in times.items():
            spent[name].append((statistics.median(values), _follows(row)))
    medians = {name: statistics.median(s for s, _said in v) for name, v in spent.items()}
    said = {name: statistics.median(s for s, said in v if said) for name, v in spent.items()}
    base = medians[contenders.WHISPER]
    fast = medians.get(contenders.FASTER.format(beam=1))
    seconds = statistics.median(row.keys["seconds"] for row in rows)
    print(f"\nclips of {seconds:.1f} s (about {length_s}, {len(rows)} of them)")
    print(f"  {'':42} {'seconds':>7} {'of openai':>9} {'as said':>7} {'of faster':>9} {'CER':>6}")
    for name, median in medians.items():
        faster = f"{median / fast:9.2f}" if fast else f"{'-':>9}"
        cer = 100 * (errors[name].cer or 0)
        as_said = said[name] / said[contenders.WHISPER]
        print(f"  {name:42} {median:7.2f} {median / base:9.2f} {as_said:7.2f} {faster} {cer:5.1f}%")


def _hear_one(name: str, row: Row) -> None:
    contenders.loaders()[name]().hear(audio.read(row.path).samples, row)


# ---- a run at the microphone ---------------------------------------------------


class _Played(Microphone):
    """A microphone at which a clip is played in real time, block by block."""

    def __init__(self, samples: Samples) -> None:
        super().__init__(Device(0, "played", "bench", 1, RATE_HZ, True), END_SILENCE_S)
        silence = np.zeros(int(4 * RATE_HZ), dtype=np.float32)
        self._samples = np.concatenate([samples, silence])
        self.started = 0.0

    def _open(self, take_in: Callable[..., None]) -> AbstractContextManager[Any]:
        return self._stream(take_in)

    @contextmanager
    def _stream(self, take_in: Callable[..., None]) -> Iterator[Any]:
        over = threading.Event()
        block = int(0.04 * RATE_HZ)
        self.started = time.perf_counter()

        def play() -> None:
            for i in range(0, len(self._samples), block):
                due = self.started + (i + block) / RATE_HZ
                if over.wait(max(0.0, due - time.perf_counter())):
                    return
                take_in(self._samples[i : i + block, None], block, None, _Status())

        thread = threading.Thread(target=play)
        thread.start()
        try:
            yield _Status()
        finally:
            over.set()
            thread.join()


class _Status:
    input_overflow = False
    active = True


@dataclass
class _Shown:
    """A trainee who speaks once; says when the score was shown."""

    at: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)

    def cue(self, step: Step) -> None: ...
    def wait_for_start(self, step: Step) -> Start:
        return Start.SPEAK

    def watch(self, meter: Meter) -> Command:
        return Command.GO_ON

    def recorded(self, recorded: Recorded) -> None: ...
    def observe(self, items: tuple[str, ...], observer: str) -> tuple[Observation, ...]:
        return ()

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        self.at = time.perf_counter()

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        return Choice.NEXT


class _PlainTranscriber:
    """openai-whisper's transcribe() in the place of ours; it knows of no evidence."""

    def __init__(self, plain: Contender, row: Row, ours: Assessor) -> None:
        self._plain = plain
        self._row = row
        self.info = ours.recognizer().info

    def listen(self, samples: Samples, spans_s: Spans, drafts: Sequence[str] = ()) -> Recognition:
        return _PlainHearing(Transcript(self._plain.hear(samples, self._row), 0.0, 0.0, 1.0))


@dataclass
class _PlainHearing:
    transcript: Transcript

    def times_s(self) -> tuple[float, ...]:
        return ()

    def logprobs(self) -> tuple[float, ...]:
        return ()

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        return None

    def second_look(self) -> Recognition:
        return self


def _compare_runs(rows: Sequence[Row]) -> None:
    ours, plain = contenders.our_judge(), contenders.openai()
    ours.warm_up()  # as while the trainee reads
    waits: dict[str, list[float]] = {"practice": [], "with transcribe()": []}
    for row in rows:
        samples = audio.read(row.path).samples
        remembering = CachedRecognizer(ours.recognizer())
        listening = replace(ours, recognizer=lambda r=remembering: r)
        simple = _PlainTranscriber(plain, row, ours)
        waits["practice"].append(_wait(listening, row, samples))
        pause_s, ahead.PAUSE_S = ahead.PAUSE_S, math.inf  # nothing is heard ahead
        waits["with transcribe()"].append(
            _wait(replace(ours, recognizer=lambda s=simple: s), row, samples)
        )
        ahead.PAUSE_S = pause_s
    print("\nfrom the last spoken word to the score in a run, less the wait of auto-stop")
    print(f"  {len(rows)} clips of about 4 s                           median    mean")
    median, mean = {}, {}
    for name, values in waits.items():
        median[name], mean[name] = statistics.median(values), statistics.fmean(values)
        print(f"  {name:42} {median[name]:7.2f} {mean[name]:7.2f} s")
    ours_of, plain_of = waits
    ratios = median[ours_of] / median[plain_of], mean[ours_of] / mean[plain_of]
    print(f"  {'ratio':42} {ratios[0]:7.2f} {ratios[1]:7.2f}")


def _wait(judge: Assessor, row: Row, samples: Samples) -> float:
    """Seconds from the end of speech to the score, less the end silence."""
    scenario = Scenario("bench", "", "", (row.line,))
    microphone, shown = _Played(samples), _Shown()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        session = Session("bench", Trainee("bench", "bench"), folder, Store(folder), judge)
        practice_steps(session, [Step(scenario, 1, is_last=True)], microphone, shown)
    last_word = find_speech(clip_of(samples).samples)[-1][1]
    return shown.at - microphone.started - last_word - END_SILENCE_S


if __name__ == "__main__":
    main()
