"""Scores of attempts: from a line and a transcript to a score, with all weights and the pass mark.

Scoring has two steps because the recognizer is queried in between: ``draft`` aligns the texts
and collects the questions, ``Draft.decide`` takes the answers as plain data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from functools import partial
from operator import add

from practice.mandarin.alignment import Alignment, align, strict_counts
from practice.mandarin.normalization import normalize
from practice.records.delivery import AimResult
from practice.records.kinds import Kind
from practice.records.recognition import Transcript, Unscored
from practice.records.scenario import (
    AcceptedWords,
    BannedPhrase,
    Element,
    Judging,
    Line,
    Severity,
    Wording,
)
from practice.records.score import Component, Score, Verdict
from practice.scoring.banned import find_banned
from practice.scoring.decision import RANK, THRESHOLDS, Reliability, Thresholds, find_remarks
from practice.scoring.elements import Candidate, find_candidates, unscored_elements
from practice.scoring.evidence import TextPair
from practice.scoring.free import Requirement, find_requirements, required_elements

VERSION = "8"
"""Scorer version, raised with every change that can change a score; ``rescore`` relies on it."""

WEIGHTS: dict[str, float] = {
    "courtesies": 0.54,
    "accuracy": 0.36,
    "content": 0.36,
    "delivery": 0.1,
}
"""Weight of each component of the score. If a line lacks a component (a script without elements),
its weight is redistributed to the others. Accuracy counts in exact lines, content in free ones."""

PASS_MARK = 80.0
"""Minimum score, of 100, that passes."""

MINOR_COST = 10.0
"""Points that a minor banned phrase takes off the score. No attempt passes with a severe one."""

OFF_SCRIPT_BELOW = 0.3
"""Tolerant accuracy below which an attempt is off script, provided that no courtesy was heard."""

SECOND_LOOK_BELOW = -0.5
"""Mean log-probability (nats per token) below which speech is transcribed a second time; 7 % of
the labeled clips are."""

LOOP_RATIO = 2.4
"""Compression ratio above which a text repeats itself: openai-whisper's default."""

MOST_CHARACTERS_PER_S = 7.5
"""Characters per second of speech (plus three) above which a text must repeat itself. Chinese
announcers speak 200 to 300 characters a minute, at most 5 a second."""

_SHORTLIST = 4
"""Wordings that are aligned by sound: those closest to the transcript by spelling."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts from which a score is computed.

    ``heard`` of the required ``courtesies`` were heard, ``said`` of the ``characters`` of exact
    scripts were said, and ``conveyed`` of the ``contents`` of free lines were conveyed.
    ``deducted`` are the points that minor banned phrases cost. ``kept`` of the ``aims`` were met:
    the delivery targets that may fail an attempt. ``ruled_out`` counts the attempts that cannot
    pass, whatever the score. Tallies add up with ``+``, so that several attempts are summed and
    never averaged.
    """

    heard: int = 0
    courtesies: int = 0
    said: float = 0.0
    characters: int = 0
    conveyed: int = 0
    contents: int = 0
    deducted: float = 0.0
    kept: int = 0
    aims: int = 0
    ruled_out: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*map(add, astuple(self), astuple(other)))

    @property
    def components(self) -> tuple[Component, ...]:
        """Available components of the score, with weights that add up to 1.

        Delivery targets can fail what the words pass, but never pass what the words fail: they
        are a component only where they lower the score.
        """
        words = {
            "courtesies": (self.heard, self.courtesies),
            "accuracy": (self.said, self.characters),
            "content": (self.conveyed, self.contents),
        }
        both = {**words, "delivery": (self.kept, self.aims)}
        return min(map(_components, (words, both)), key=_points)

    @property
    def total(self) -> float | None:
        """Score from 0 to 100 after deductions; None if there is no component."""
        parts = self.components
        if not parts:
            return None
        return max(0.0, _points(parts) - self.deducted)


def _components(parts: Mapping[str, tuple[float, int]]) -> tuple[Component, ...]:
    present = {name: part for name, part in parts.items() if part[1]}
    share = sum(WEIGHTS[name] for name in present)
    return tuple(
        Component(name, WEIGHTS[name] / share, done, total)
        for name, (done, total) in present.items()
    )


def _points(parts: Sequence[Component]) -> float:
    # Rounded, so that thirds and fifths add up to the pass mark where they should.
    return round(100 * sum(part.value * part.weight for part in parts), 9)


def outcome(count: Callable[[Verdict], Tally], pass_mark: float = PASS_MARK) -> bool | None:
    """Return True for passed, False for failed, and None if something unsure decides.

    Args:
        count: Returns the tally with everything unsure taken as missed, or as heard.
        pass_mark: Minimum score that passes.
    """
    worst, best = (
        (tally.total or 0.0) >= pass_mark and not tally.ruled_out
        for tally in map(count, (Verdict.MISSED, Verdict.HEARD))
    )
    return best if best == worst else None


def scorer_name(limits: Thresholds) -> str:
    """Return the name of a scorer: the version, with a hash of thresholds that are not the default.

    The hash is made of their values, so that two assessments of the same name were made with the
    same thresholds.
    """
    if limits == THRESHOLDS:
        return VERSION
    values = json.dumps(asdict(limits), sort_keys=True)
    return f"{VERSION}+{hashlib.sha256(values.encode()).hexdigest()[:8]}"


def is_of_this_version(scorer: str) -> bool:
    """Return True if a scorer's name is of this version, with any thresholds."""
    return scorer.partition("+")[0] == VERSION


@dataclass(frozen=True)
class Draft:
    """A transcript aligned with the closest wording, before the verdicts.

    ``candidates`` are the elements of an exact wording, or the requirements of a free line.
    """

    wording: Wording
    alignment: Alignment
    candidates: tuple[Candidate | Requirement, ...]
    judging: Judging | None

    @property
    def questions(self) -> list[TextPair]:
        """Text pairs that the recognizer should compare, without duplicates."""
        return list(dict.fromkeys(pair for c in self.candidates for pair in c.questions))

    def decide(
        self,
        answers: Mapping[TextPair, float] | None,
        reliability: Reliability,
        banned: tuple[BannedPhrase, ...] = (),
        limits: Thresholds = THRESHOLDS,
    ) -> Score:
        """Return the score without its total, which ``with_total`` computes.

        Args:
            answers: The recognizer's answer to each of ``questions``, in nats; None if it cannot
                answer from the audio.
            banned: Phrases to search for. If the transcript is unlikely or repeats itself, none
                of them is certainly said.
        """
        elements = tuple(c.decide(answers, reliability, limits) for c in self.candidates)
        alignment = self.alignment
        accuracy = alignment.counts.accuracy or 0.0
        any_heard = any(e.verdict is Verdict.HEARD for e in elements)
        hits = find_banned(alignment.hypothesis, alignment.reference.text, banned)
        if not reliability.is_as_written(limits):
            hits = tuple(replace(hit, sure=False) for hit in hits)
        return Score(
            wording=self.wording.script,
            elements=elements,
            counts=alignment.counts,
            strict=strict_counts(alignment.reference.text, alignment.hypothesis.text),
            chunks=alignment.chunks,
            banned=hits,
            remarks=find_remarks(alignment, elements),
            off_script=accuracy < OFF_SCRIPT_BELOW and not any_heard,
            judging=self.judging,
        )


def draft(line: Line, transcript: str, accepted: tuple[AcceptedWords, ...] = ()) -> Draft | None:
    """Align a transcript with the closest wording of a line.

    Args:
        line: The line that was to be said.
        transcript: What the recognizer wrote.
        accepted: Words that satisfy each kind of courtesy in a free line.

    Returns:
        The draft, or None if the transcript has no letter, digit or Chinese character.
    """
    if not normalize(transcript):
        return None
    wording, alignment = _closest(line, transcript)
    candidates: tuple[Candidate | Requirement, ...]
    if line.judging is Judging.FREE:
        candidates = find_requirements(line, wording, alignment, accepted)
    else:
        candidates = find_candidates(wording.elements, alignment)
    return Draft(wording, alignment, candidates, line.judging)


def score_transcript(
    line: Line,
    transcript: str,
    banned: tuple[BannedPhrase, ...] = (),
    accepted: tuple[AcceptedWords, ...] = (),
) -> Score:
    """Score a transcript without audio: an element that it lacks is missed."""
    drafted = draft(line, transcript, accepted)
    if drafted is None:
        return unscored(line, Unscored.NO_TEXT)
    sure = Reliability(0.0, 0.0, len(drafted.alignment.hypothesis.text))
    return with_total(drafted.decide(None, sure, banned))


def unscored(line: Line, reason: Unscored) -> Score:
    """Return the score of an attempt that is not scored: a reason, and no number."""
    elements = unscored_elements(_elements(line))
    return Score(line.script, elements, reason=reason, judging=line.judging)


def reliability_of(transcript: Transcript, speech_s: float, *, unasked: bool) -> Reliability:
    """Return the reliability of a transcript.

    Args:
        speech_s: Duration of the speech in seconds, by voice activity.
        unasked: True if there is audio that the recognizer cannot compare texts with.
    """
    characters = len(normalize(transcript.text))
    repeats = loops(transcript, speech_s)
    return Reliability(transcript.avg_logprob, speech_s, characters, repeats, unasked)


def loops(transcript: Transcript, speech_s: float) -> bool:
    """Return True if the recognizer repeated itself.

    The text then compresses too well, or is too long for ``speech_s`` seconds of speech.
    """
    characters = len(normalize(transcript.text))
    return (
        transcript.compression_ratio > LOOP_RATIO
        or characters > MOST_CHARACTERS_PER_S * speech_s + 3
    )


def merge_second_pass(first: Score, second: Score) -> Score:
    """Merge the better verdicts of a second transcription into the first score, before its total.

    The verdicts are merged only if both scores are on the same elements: of the same wording, or
    of a free line. An element with 您 keeps its first verdict: a second chance to hear 您 for 你
    is a second chance to credit it wrongly.
    """
    if first.wording != second.wording and first.judging is not Judging.FREE:
        return first
    elements = tuple(
        b if RANK[b.verdict] > RANK[a.verdict] and "您" not in a.text else a
        for a, b in zip(first.elements, second.elements, strict=True)
    )
    return replace(first, elements=elements)


def with_total(score: Score) -> Score:
    """Return the score with components, ``total`` and ``passed`` computed.

    The total is what is certain: an unsure element earns nothing until a trainer has heard it,
    and ``best`` is the total if the trainer hears all of them. If unsure elements or banned
    phrases decide whether the attempt passes, ``passed`` is None.
    """
    tally = tally_of(score)
    return replace(
        score,
        components=tally.components,
        total=tally.total or 0.0,
        best=tally_of(score, Verdict.HEARD).total or 0.0,
        passed=outcome(partial(_tally_of_attempt, score)),
    )


def _tally_of_attempt(score: Score, unsure_as: Verdict) -> Tally:
    """Count an attempt on its own: in an exact line, each missed courtesy rules it out.

    In a conversation or an exam it costs points only, as one line of many.
    """
    tally = tally_of(score, unsure_as)
    missed = (Verdict.MISSED, Verdict.UNSURE) if unsure_as is Verdict.MISSED else (Verdict.MISSED,)
    lacking = [e for e in score.elements if e.required and e.verdict in missed]
    return replace(tally, ruled_out=1) if score.judging is Judging.EXACT and lacking else tally


def deduction(score: Score) -> float:
    """Return the points that minor banned phrases take off; unsure phrases take none."""
    return tally_of(score).deducted


def with_aims(score: Score, aims: tuple[AimResult, ...], *, may_fail: bool) -> Score:
    """Return the score with delivery targets counted, and the total computed.

    Targets do not count if the attempt is off script. An attempt that is not scored has no total.

    Args:
        aims: The delivery targets that could be measured.
        may_fail: True if these targets may fail the attempt.
    """
    if score.reason is not None:
        return score
    if not score.off_script:
        score = replace(score, aims=aims, aims_may_fail=may_fail)
    return with_total(score)


def tally_of(score: Score, unsure_as: Verdict | None = None) -> Tally:
    """Count what was said in an attempt.

    A severe banned phrase or a missed critical courtesy rules it out.

    Args:
        score: The score with its verdicts.
        unsure_as: The verdict on unsure elements; with None they count as not heard, and rule
            nothing out. With MISSED, unsure banned phrases count as said; otherwise they do not
            count.
    """
    verdicts = [
        (e, unsure_as if unsure_as and e.verdict is Verdict.UNSURE else e.verdict)
        for e in score.elements
    ]
    is_free = score.judging is Judging.FREE
    courtesies = [v for e, v in verdicts if e.required and e.kind is not Kind.CONTENT]
    contents = [v for e, v in verdicts if e.required and e.kind is Kind.CONTENT]
    banned = [h.severity for h in score.banned if h.sure or unsure_as is Verdict.MISSED]
    aims = score.aims if score.aims_may_fail else ()
    return Tally(
        heard=courtesies.count(Verdict.HEARD),
        courtesies=len(courtesies),
        said=0.0 if is_free else score.counts.said,
        characters=0 if is_free else score.counts.reference_length,
        conveyed=contents.count(Verdict.HEARD),
        contents=len(contents),
        deducted=MINOR_COST * banned.count(Severity.MINOR),
        kept=sum(aim.kept for aim in aims),
        aims=len(aims),
        ruled_out=int(
            Severity.SEVERE in banned
            or any(e.critical and v is Verdict.MISSED for e, v in verdicts)
        ),
    )


def nothing_said(line: Line) -> Tally:
    """Return the tally of a skipped line: its standard wording, of which nothing was said."""
    required = [e for e in _elements(line) if e.required]
    contents = sum(e.kind is Kind.CONTENT for e in required)
    characters = 0 if line.judging is Judging.FREE else len(normalize(line.script))
    return Tally(courtesies=len(required) - contents, contents=contents, characters=characters)


def _elements(line: Line) -> tuple[Element, ...]:
    """Return the elements that are judged if the line is said in its standard wording."""
    return required_elements(line) if line.judging is Judging.FREE else line.wordings[0].elements


def _closest(line: Line, transcript: str) -> tuple[Wording, Alignment]:
    """Return the wording with the cheapest alignment, and that alignment."""
    hypothesis = normalize(transcript)
    shortlist = sorted(
        line.wordings,
        key=lambda wording: strict_counts(normalize(wording.script), hypothesis).errors,
    )[:_SHORTLIST]
    candidates = [
        (
            wording,
            align(
                wording.script,
                transcript,
                [(e.start, e.end) for e in wording.elements],
                line.readings,
            ),
        )
        for wording in sorted(shortlist, key=line.wordings.index)
    ]
    return min(candidates, key=lambda c: c[1].cost)
