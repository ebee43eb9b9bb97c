"""Hearing a take: signal, voice activity, Whisper, score. One way for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from practice.core import delivery, scoring
from practice.core.models import (
    Assessment,
    BannedPhrase,
    Line,
    ModelInfo,
    Score,
    SpeechCheck,
    Transcript,
    Unscored,
    Verdict,
)
from practice.core.pitch import PitchTrack
from practice.core.scoring import loops
from practice.core.speechcheck import Samples, check_speech, too_long
from practice.core.verdicts import THRESHOLDS, Thresholds
from practice.speech import pitch
from practice.speech.audio import Clip
from practice.speech.transcribe import Hearing, Transcriber
from practice.speech.vad import find_speech

NO_SPEECH_ABOVE = 0.6
NO_SPEECH_BELOW = -1.0
"""Probability of no speech, and mean log-probability, beyond which a text is no speech;
openai-whisper's own defaults. No labelled clip of speech goes beyond the first."""


NO_PITCH = PitchTrack(pitch.STEP_S, np.zeros(0))
"""Of a take that is not judged the pitch is not asked for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A take after listening; ``hearing`` is None where ``check`` has a reason not to judge."""

    check: SpeechCheck
    hearing: Hearing | None
    model: ModelInfo | None
    samples: Samples
    pitch: PitchTrack


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges takes. ``transcriber`` is called when text is first needed, not before."""

    transcriber: Callable[[], Transcriber]
    banned: tuple[BannedPhrase, ...]
    thresholds: Thresholds = THRESHOLDS

    @property
    def scorer(self) -> str:
        """What this judge's judgements are signed with."""
        return scoring.scorer_name(self.thresholds)

    def assess(self, clip: Clip, line: Line, *, cut_off: bool = False) -> Assessment:
        """Listen to a recording and judge it as a take of a line."""
        return self.judge(self.listen(clip, cut_off=cut_off), line)

    def listen(self, clip: Clip, *, cut_off: bool = False) -> Heard:
        """Hear a recording, whatever is to be said in it.

        ``cut_off`` says that the recording broke off by itself: what was said after that
        cannot be known, so the take is not judged.
        """
        check = self._check(clip)
        if cut_off:
            check = replace(check, reason=Unscored.CUT_OFF)
        if check.reason is not None:
            return Heard(check, None, None, clip.samples, NO_PITCH)
        transcriber = self.transcriber()
        hearing = transcriber.listen(clip.samples, check.spans_s)
        return Heard(check, hearing, transcriber.info, clip.samples, pitch.track(clip.samples))

    def judge(self, heard: Heard, line: Line) -> Assessment:
        """Judge what was heard as a take of a line."""
        check, hearing = heard.check, heard.hearing
        if hearing is None:
            assert check.reason is not None
            score = scoring.unscored(line, check.reason)
            return Assessment(check, None, None, score, None, self.scorer, delivery.unmeasured())
        first, second = hearing.transcript, None
        if is_not_speech(first):
            check = replace(check, reason=Unscored.NO_SPEECH)
            score = scoring.unscored(line, Unscored.NO_SPEECH)
            unmeasured = delivery.unmeasured()
            return Assessment(check, first, None, score, heard.model, self.scorer, unmeasured)
        score = self._score(line, first, hearing, check.speech_s)
        if needs_second_look(first, score, check.speech_s):
            second = hearing.second_look()
            again = self._score(line, second, hearing, check.speech_s)
            first_fails = score.reason is not None or loops(first, check.speech_s)
            if first_fails and again.reason is None:
                first, score, second = second, again, first
            elif again.reason is None:
                score = scoring.better_of(score, again)
        first = replace(first, times_s=hearing.times_s(first))
        said = delivery.measure(heard.samples, check, heard.pitch, first, score)
        aims = delivery.aims_of(said, line.targets)
        score = scoring.with_aims(score, aims, may_fail=line.targets.may_fail)
        return Assessment(check, first, second, score, heard.model, self.scorer, said)

    def _score(
        self, line: Line, transcript: Transcript, hearing: Hearing, speech_s: float
    ) -> Score:
        draft = scoring.draft(line, transcript.text)
        if draft is None:
            return scoring.unscored(line, Unscored.NO_TEXT)
        questions = draft.questions
        gains = hearing.compare(questions)
        answers = None if gains is None else dict(zip(questions, gains, strict=True))
        reliability = scoring.reliability_of(transcript, speech_s)
        return draft.judge(answers, reliability, self.banned, self.thresholds)

    @staticmethod
    def _check(clip: Clip) -> SpeechCheck:
        if clip.is_too_long:
            return too_long(clip.duration_s)
        return check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)


def is_not_speech(transcript: Transcript) -> bool:
    """Whether the recogniser itself doubts that there was speech: a distant voice, music."""
    return transcript.no_speech_prob > NO_SPEECH_ABOVE and transcript.avg_logprob < NO_SPEECH_BELOW


def needs_second_look(transcript: Transcript, score: Score, speech_s: float) -> bool:
    """Whether a transcript is doubtful enough to pay for decoding once more.

    It is empty, unlikely, repeats itself, or the audio leaves an element open.
    """
    return (
        score.reason is not None
        or transcript.avg_logprob < scoring.SECOND_LOOK_BELOW
        or loops(transcript, speech_s)
        or any(e.verdict is Verdict.UNSURE and "您" not in e.text for e in score.elements)
    )
