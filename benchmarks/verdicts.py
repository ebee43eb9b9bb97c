"""Are the verdicts true? The tool's real path over labeled speech, beside the plain way.

    python benchmarks/verdicts.py [--manifest FILE] [--no-baseline]

The plain way is openai-whisper's transcribe() (greedy, language zh, the same prompt),
simplified characters, and a search for the element's characters. Printed for all groups:
accused (said, but called missed), credited (not said, but called heard), unsure (left to
the trainer, unscored included), each with its count and its 95 % interval (Wilson); 您 for
你 apart; strict CER and tolerant error rate of the scripts of which everything was said;
and the time of the parts.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import contenders

from practice import scenarios as prompts
from practice.assessment.pipeline import Assessor, RecognizedClip
from practice.audio import clip as audio
from practice.audio.clip import Clip
from practice.mandarin.alignment import strict_counts
from practice.mandarin.normalization import normalize
from practice.output.as_json import row_to_dict
from practice.paths import default_prompts
from practice.recognition.whisper.engine import load
from practice.records.attempt import Assessment
from practice.records.scenario import Line
from practice.records.score import Counts, StrictCounts
from practice.scoring.calibration import interval
from practice.training.batch import Row, read_manifest, score_rows

HEADS = ("group", "said", "accused", "not said", "credited", "unsure", "你 as 您", "您 missed")


def main() -> None:
    """Judge every row with both, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, default=contenders.MANIFEST)
    parser.add_argument("--no-baseline", action="store_true")
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    model = contenders.model(options.model)
    rows = read_manifest(options.manifest)
    recognizer = load(model)
    judge = _TimedAssessor(lambda: recognizer, prompts.load_banned(default_prompts()))
    outcomes = _shown(score_rows(judge, rows), len(rows), "practice")
    ours = [row_to_dict(row.keys, o) for row, o in zip(rows, outcomes, strict=True)]
    _print_tables("practice", ours)
    spent = _TimedAssessor.seconds
    print(f"\nevidence and second looks: {spent['judging'] / spent['listening']:.2f} of decoding")
    print(f"banned phrases found (none was said): {sum(bool(r.get('banned')) for r in ours)}")
    if not options.no_baseline:
        plain = _Plain(options.model)
        theirs = list(_shown((plain.judge(r) for r in rows), len(rows), "plain way"))
        _print_tables("plain way", theirs)


class _TimedAssessor(Assessor):
    """A judge that adds up how long listening takes, and how long judging after it."""

    seconds: ClassVar[Counter[str]] = Counter()

    def listen(self, clip: Clip, line: Line, *, cut_off: bool = False) -> RecognizedClip:
        start = time.perf_counter()
        heard = super().listen(clip, line, cut_off=cut_off)
        self.seconds["listening"] += time.perf_counter() - start
        return heard

    def score(self, recognized: RecognizedClip, line: Line) -> Assessment:
        start = time.perf_counter()
        assessment = super().score(recognized, line)
        self.seconds["judging"] += time.perf_counter() - start
        return assessment


class _Plain:
    """transcribe(), then a search for the characters; each recording once."""

    def __init__(self, model: str) -> None:
        self._model = contenders.openai(model)
        self._texts: dict[Path, str] = {}

    def judge(self, row: Row) -> dict[str, Any]:
        keys, path = row.keys, row.path
        if path not in self._texts:
            self._texts[path] = self._model.hear(audio.read(path).samples, row)
        heard = normalize(self._texts[path])
        counts = strict_counts(normalize(keys["script"]), heard)
        elements = [
            {**e, "verdict": "heard" if normalize(e["text"]) in heard else "missed"}
            for e in keys["elements"]
        ]
        return {**keys, "elements": elements, "strict": asdict(counts), "status": "scored"}


def _print_tables(title: str, results: list[dict[str, Any]]) -> None:
    print(f"\n## {title}\n")
    _print_row(HEADS)
    groupings: dict[str, Callable[[dict[str, Any], dict[str, Any]], str | None]] = {
        "kind": lambda row, _e: row["kind"],
        "condition": lambda row, _e: _if_synthetic(row, row.get("condition")),
        "voice": lambda row, _e: _if_synthetic(row, row.get("voice")),
        "element": lambda row, e: _if_synthetic(row, e["text"]),
    }
    for name, group_of in groupings.items():
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for row in results:
            for element in row["elements"]:
                group = group_of(row, element)
                if group is not None:
                    _count(groups[group], row, element)
        for group in sorted(groups):
            _print_row([f"{name} {group}", *_cells(groups[group])])
    _print_error_rates(results)


def _if_synthetic(row: dict[str, Any], value: str | None) -> str | None:
    return value if row["kind"] == "synthetic" else None


def _count(counter: Counter[str], row: dict[str, Any], element: dict[str, Any]) -> None:
    text, verdict, said = element["text"], element["verdict"], element["said"]
    plain_you = not said and "您" in text and text.replace("您", "你") in row["spoken"]
    counter["all"] += 1
    counter["unsure"] += verdict in ("unsure", "unscored")
    if plain_you:
        counter["you"] += 1
        counter["you heard"] += verdict == "heard"
    elif said:
        counter["said"] += 1
        counter["accused"] += verdict == "missed"
        counter["pronoun"] += "您" in text
        counter["pronoun missed"] += "您" in text and verdict == "missed"
    else:
        counter["not"] += 1
        counter["credited"] += verdict == "heard"


def _cells(c: Counter[str]) -> Iterator[str]:
    yield str(c["said"])
    yield _share(c["accused"], c["said"])
    yield str(c["not"])
    yield _share(c["credited"], c["not"])
    yield _share(c["unsure"], c["all"])
    yield _share(c["you heard"], c["you"])
    yield _share(c["pronoun missed"], c["pronoun"])


def _share(k: int, n: int) -> str:
    """A share with its 95 % interval."""
    if not n:
        return "-"
    low, high = interval(k, n)
    return f"{k} = {100 * k / n:.1f} % [{100 * low:.1f}-{100 * high:.1f}]"


def _print_row(cells: Iterable[str]) -> None:
    print("| " + " | ".join(cells) + " |")


def _print_error_rates(results: list[dict[str, Any]]) -> None:
    """Error rates over the rows of which the whole script was said."""
    strict: dict[str, StrictCounts] = defaultdict(StrictCounts)
    tolerant: dict[str, Counts] = defaultdict(Counts)
    for row in results:
        if normalize(row.get("spoken", "")) != normalize(row["script"]):
            continue
        if row["status"] != "scored":
            continue
        strict[row["kind"]] += StrictCounts(
            **{k: v for k, v in row["strict"].items() if k != "cer"}
        )
        if "counts" in row:
            own = {k: v for k, v in row["counts"].items() if k != "accuracy"}
            tolerant[row["kind"]] += Counts(**own)
    for kind, counts in sorted(strict.items()):
        line = f"\n{kind}: strict CER {100 * (counts.cer or 0):.1f} %"
        if kind in tolerant:
            line += f", tolerant error rate {100 * (1 - (tolerant[kind].accuracy or 0)):.1f} %"
        print(f"{line} of {counts.reference_length} characters")


def _shown(items: Iterable[Any], total: int, what: str) -> Iterator[Any]:
    for done, item in enumerate(items, 1):
        if sys.stderr.isatty() or done % 50 == 0:
            print(f"\r{what} {done}/{total}", end="", file=sys.stderr)
        yield item
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
