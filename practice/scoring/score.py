"""From a line and a transcript to a score: the one table of weights, and the pass mark.

A score comes in two steps, because the recognizer is asked in between: ``draft`` aligns
and says what to ask, ``Draft.judge`` takes the answers as plain data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from practice.mandarin.alignment import Alignment, align, strict_counts
from practice.mandarin.normalization import normalize
from practice.records.delivery import AimResult
from practice.records.recognition import Transcript, Unscored
from practice.records.scenario import BannedPhrase, Line, Severity, Wording
from practice.records.score import Component, Score, Verdict
from practice.scoring.banned import find_banned
from practice.scoring.decision import THRESHOLDS, Reliability, Thresholds
from practice.scoring.elements import Candidate, find_candidates, unscored_elements
from practice.scoring.evidence import TextPair
from practice.scoring.remarks import find_remarks

VERSION = "7"
"""Raised with every change that can change a score, so that ``rescore`` knows."""

WEIGHTS: dict[str, float] = {"courtesies": 0.54, "accuracy": 0.36, "delivery": 0.1}
"""How much each part counts in the total. A part that a line does not have (a script
without elements), or that could not be told, drops out, and the others share its weight."""

PASS_MARK = 80.0
"""The least total, of 100, that passes."""

MINOR_COST = 10.0
"""Points that a minor banned phrase takes off the total. With a severe one no take passes."""

OFF_SCRIPT_BELOW = 0.3
"""A take with less tolerant accuracy and no courtesy heard is something else entirely."""

SECOND_LOOK_BELOW = -0.5
"""Mean log-probability (nats a token) below which a transcript is looked at again; 7 % of
the labeled clips are."""

LOOP_RATIO = 2.4
"""Compression ratio above which a text repeats itself; openai-whisper's own default."""

MOST_CHARACTERS_PER_S = 7.5
"""More than this (and three) no mouth says: Chinese announcers speak 200 to 300
characters a minute, which is 5 a second at the most."""

_SHORTLIST = 4
"""Wordings that are aligned by sound, after all have been compared by spelling."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was said of what was to be said: courtesies, and characters of the script.

    ``deducted`` are the points that minor banned phrases cost. ``kept`` are the aims of the
    delivery that were kept to, of all ``aims``; ``binding`` and ``binding_kept`` those of
    them that may fail a take. Tallies add up with ``+``, so that several takes are never
    averaged.
    """

    heard: int = 0
    courtesies: int = 0
    said: float = 0.0
    characters: int = 0
    deducted: float = 0.0
    kept: int = 0
    aims: int = 0
    binding_kept: int = 0
    binding: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.heard + other.heard,
            self.courtesies + other.courtesies,
            self.said + other.said,
            self.characters + other.characters,
            self.deducted + other.deducted,
            self.kept + other.kept,
            self.aims + other.aims,
            self.binding_kept + other.binding_kept,
            self.binding + other.binding,
        )

    @property
    def components(self) -> tuple[Component, ...]:
        """The parts of the total that there are."""
        parts = {
            "courtesies": (self.heard, self.courtesies),
            "accuracy": (self.said, self.characters),
            "delivery": (self.kept, self.aims),
        }
        present = {name: part for name, part in parts.items() if part[1]}
        share = sum(WEIGHTS[name] for name in present)
        return tuple(
            Component(name, WEIGHTS[name] / share, done, total)
            for name, (done, total) in present.items()
        )

    @property
    def total(self) -> float | None:
        """The total of 100, less what is deducted; None where nothing was to be said."""
        parts = self.components
        if not parts:
            return None
        return max(0.0, 100 * sum(part.value * part.weight for part in parts) - self.deducted)

    @property
    def deciding(self) -> float:
        """The total that decides on the pass: of the words alone.

        Where aims of the delivery may fail a take it is the lower of that and the total with
        them: they can fail what the words pass, and never pass what the words fail.
        """
        words = replace(self, kept=0, aims=0).total or 0.0
        if not self.binding:
            return words
        both = replace(self, kept=self.binding_kept, aims=self.binding).total or 0.0
        return min(words, both)


def scorer_name(limits: Thresholds) -> str:
    """What made a judgment: the version, and a mark of the thresholds where they differ.

    The mark is made of their values, so that two judgments of the same name were made by
    the same limits.
    """
    if limits == THRESHOLDS:
        return VERSION
    values = json.dumps(asdict(limits), sort_keys=True)
    return f"{VERSION}+{hashlib.sha256(values.encode()).hexdigest()[:8]}"


def is_of_this_version(scorer: str) -> bool:
    """Whether a judgment was made by this version, by whatever thresholds."""
    return scorer.partition("+")[0] == VERSION


@dataclass(frozen=True)
class Draft:
    """A transcript set against the wording it comes closest to, not yet judged."""

    wording: Wording
    alignment: Alignment
    candidates: tuple[Candidate, ...]

    @property
    def questions(self) -> list[TextPair]:
        """What the recognizer is to be asked about the audio."""
        pairs = [p for c in self.candidates if c.inquiry for p in c.inquiry.pairs()]
        return list(dict.fromkeys(pairs))

    def judge(
        self,
        answers: Mapping[TextPair, float] | None,
        reliability: Reliability,
        banned: tuple[BannedPhrase, ...] = (),
        limits: Thresholds = THRESHOLDS,
    ) -> Score:
        """Judge the take. ``answers`` is None where the audio can't be asked."""
        elements = tuple(c.judge(answers, reliability, limits) for c in self.candidates)
        alignment = self.alignment
        accuracy = alignment.counts.accuracy or 0.0
        any_heard = any(e.verdict is Verdict.HEARD for e in elements)
        hits = find_banned(alignment.hypothesis, alignment.reference.text, banned)
        if not reliability.is_as_written(limits):
            hits = tuple(replace(hit, sure=False) for hit in hits)
        score = Score(
            wording=self.wording.script,
            elements=elements,
            counts=alignment.counts,
            strict=strict_counts(alignment.reference.text, alignment.hypothesis.text),
            chunks=alignment.chunks,
            banned=hits,
            remarks=find_remarks(alignment, elements),
            off_script=accuracy < OFF_SCRIPT_BELOW and not any_heard,
        )
        return with_total(score)


def draft(line: Line, transcript: str) -> Draft | None:
    """Set a transcript against a line; None where it has not a letter or digit."""
    if not normalize(transcript):
        return None
    wording, alignment = _closest(line, transcript)
    return Draft(wording, alignment, find_candidates(wording.elements, alignment))


def score_transcript(line: Line, transcript: str, banned: tuple[BannedPhrase, ...] = ()) -> Score:
    """Judge a transcript alone, without audio: what it lacks is missed."""
    drafted = draft(line, transcript)
    if drafted is None:
        return unscored(line, Unscored.NO_TEXT)
    sure = Reliability(0.0, 0.0, len(drafted.alignment.hypothesis.text))
    return drafted.judge(None, sure, banned)


def unscored(line: Line, reason: Unscored) -> Score:
    """The score of a take that cannot be judged: a reason, and no figure."""
    standard = line.wordings[0]
    return Score(standard.script, unscored_elements(standard.elements), reason=reason)


def reliability_of(transcript: Transcript, speech_s: float, *, unasked: bool) -> Reliability:
    """How far a transcript of so much speech can be trusted."""
    characters = len(normalize(transcript.text))
    repeats = loops(transcript, speech_s)
    return Reliability(transcript.avg_logprob, speech_s, characters, repeats, unasked)


def loops(transcript: Transcript, speech_s: float) -> bool:
    """Whether the recognizer repeated itself: the text compresses, or is too long for the time."""
    characters = len(normalize(transcript.text))
    return (
        transcript.compression_ratio > LOOP_RATIO
        or characters > MOST_CHARACTERS_PER_S * speech_s + 3
    )


def merge_second_pass(first: Score, second: Score) -> Score:
    """Take over what only the second look heard, where both compare with one wording.

    Whatever has 您 stays as the first look has it: a second chance at 您 for 你 is a
    second chance to credit it wrongly.
    """
    if first.wording != second.wording:
        return first
    order = {Verdict.MISSED: 0, Verdict.UNSURE: 1, Verdict.HEARD: 2}
    elements = tuple(
        b if order[b.verdict] > order[a.verdict] and "您" not in a.text else a
        for a, b in zip(first.elements, second.elements, strict=True)
    )
    return with_total(replace(first, elements=elements)) if elements != first.elements else first


def with_total(score: Score) -> Score:
    """Add up the total, and say whether the take passed.

    Elements and banned phrases that are unsure count neither for nor against; where they
    decide on the pass, ``passed`` is None.
    """
    worst = _passes(resolve_unsure(score, Verdict.MISSED))
    best = _passes(resolve_unsure(score, Verdict.HEARD))
    tally = tally_of(score)
    return replace(
        score,
        components=tally.components,
        total=tally.total or 0.0,
        passed=best if best == worst else None,
    )


def deduction(score: Score) -> float:
    """The points that minor banned phrases take off the total."""
    return MINOR_COST * sum(h.sure and h.severity is Severity.MINOR for h in score.banned)


def resolve_unsure(score: Score, unsure_as: Verdict) -> Score:
    """A score with all that is unsure taken one way: as missed, and said, or not."""
    elements = tuple(
        replace(e, verdict=unsure_as) if e.verdict is Verdict.UNSURE else e for e in score.elements
    )
    said = score.banned if unsure_as is Verdict.MISSED else (h for h in score.banned if h.sure)
    return replace(score, elements=elements, banned=tuple(replace(h, sure=True) for h in said))


def is_ruled_out(score: Score) -> bool:
    """Whether a take cannot pass, whatever its total."""
    return any(e.critical and e.verdict is Verdict.MISSED for e in score.elements) or any(
        h.sure and h.severity is Severity.SEVERE for h in score.banned
    )


def with_aims(score: Score, aims: tuple[AimResult, ...], *, may_fail: bool) -> Score:
    """A judged take's score with what counts of its delivery; nothing, of other words."""
    if score.reason is not None or score.off_script:
        return score
    return with_total(replace(score, aims=aims, aims_may_fail=may_fail))


def tally_of(score: Score) -> Tally:
    """Count what was said in a take; what is unsure is left out."""
    sure = [e for e in score.elements if e.required and e.verdict is not Verdict.UNSURE]
    kept, aims = sum(aim.kept for aim in score.aims), len(score.aims)
    return Tally(
        sum(e.verdict is Verdict.HEARD for e in sure),
        len(sure),
        score.counts.said,
        score.counts.reference_length,
        deduction(score),
        kept,
        aims,
        kept if score.aims_may_fail else 0,
        aims if score.aims_may_fail else 0,
    )


def nothing_said(line: Line) -> Tally:
    """Count a line that was passed over: its standard wording, of which nothing was said."""
    required = [e for e in line.wordings[0].elements if e.required]
    return Tally(0, len(required), 0.0, len(normalize(line.script)))


def _passes(score: Score) -> bool:
    return tally_of(score).deciding >= PASS_MARK and not is_ruled_out(score)


def _closest(line: Line, transcript: str) -> tuple[Wording, Alignment]:
    """The wording that leaves the cheapest alignment."""
    hypothesis = normalize(transcript)
    shortlist = sorted(
        line.wordings,
        key=lambda wording: strict_counts(normalize(wording.script), hypothesis).errors,
    )[:_SHORTLIST]
    candidates = [
        (wording, align(wording.script, transcript, _spans(wording), line.readings))
        for wording in sorted(shortlist, key=line.wordings.index)
    ]
    return min(candidates, key=lambda c: c[1].cost)


def _spans(wording: Wording) -> list[tuple[int, int]]:
    return [(element.start, element.end) for element in wording.elements]
