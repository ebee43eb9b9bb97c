"""The pipeline that every command uses: signal check, voice activity, recognizer, score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from practice.audio.clip import Clip
from practice.audio.signal_check import RATE_HZ, Samples, check_speech, too_long
from practice.audio.voice_activity import find_speech
from practice.delivery import measure as delivery
from practice.delivery import pitch_tracker as pitch
from practice.delivery.pitch import PitchTrack
from practice.mandarin.normalization import normalize
from practice.recognition.recognizer import Recognition, Recognizer
from practice.records.attempt import Assessment
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript, Unscored
from practice.records.scenario import BannedPhrase, Line, Wording
from practice.records.score import Score, Verdict
from practice.scoring import score as scoring
from practice.scoring.decision import THRESHOLDS, Thresholds
from practice.scoring.score import loops

NO_SPEECH_ABOVE = 0.6
NO_SPEECH_BELOW = -1.0
"""Probability of no speech above which, and mean log-probability (nats per token) below which, a
recording counts as no speech if both hold.

These are openai-whisper's defaults. No labeled clip of speech exceeds the first."""

_WARMING = Line("", (Wording("12，您好"),))
"""A line that uses all lazily loaded parts: numerals, script variants, pinyin readings."""

NO_PITCH = PitchTrack(pitch.STEP_S, np.zeros(0))
"""Placeholder for a recording that is not scored, whose pitch is not tracked."""


@dataclass(frozen=True, slots=True)
class RecognizedClip:
    """A recording after recognition.

    Attributes:
        recognition: None if ``check`` has a reason for not scoring the recording.
    """

    check: SpeechCheck
    recognition: Recognition | None
    model: ModelInfo | None
    samples: Samples
    pitch: PitchTrack


@dataclass(frozen=True, slots=True)
class Assessor:
    """The pipeline, configured with a recognizer, banned phrases and thresholds.

    Attributes:
        recognizer: Loads the recognizer; called only when a transcript is needed.
        banned: Phrases to look for in transcripts.
        threads: Number of threads for the recognizer; None uses the recognizer's default.
    """

    recognizer: Callable[[], Recognizer]
    banned: tuple[BannedPhrase, ...]
    thresholds: Thresholds = THRESHOLDS
    threads: int | None = None

    @property
    def scorer(self) -> str:
        """Name of the scoring version and thresholds, stored in each assessment."""
        return scoring.scorer_name(self.thresholds)

    def warm_up(self) -> None:
        """Load all parts and assess one second of silence, because the first run is slow.

        Call it while the trainee reads the line. The result is discarded.
        """
        silence = np.zeros(RATE_HZ, dtype=np.float32)
        find_speech(silence)
        pitch.load()
        recognition = self.recognizer().listen(silence, ((0.0, 1.0),))
        recognition.compare([("您好", "你好")])
        scoring.draft(_WARMING, "12，你好")

    def assess(self, clip: Clip, line: Line, *, cut_off: bool = False) -> Assessment:
        """Assess a recording as an attempt at a line.

        Args:
            clip: The recording.
            line: The line that the trainee was asked to say.
            cut_off: True if the recording broke off, see ``listen``.
        """
        return self.judge(self.listen(clip, line, cut_off=cut_off), line)

    def listen(self, clip: Clip, line: Line, *, cut_off: bool = False) -> RecognizedClip:
        """Check and recognize a recording, and track its pitch.

        Args:
            clip: The recording.
            line: The expected line; it only speeds up recognition and never changes the result.
            cut_off: True if the recording broke off by itself. What was said afterwards is
                unknown, so the attempt is not scored.
        """
        check = self._check(clip)
        if cut_off:
            check = replace(check, reason=Unscored.CUT_OFF)
        if check.reason is not None:
            return RecognizedClip(check, None, None, clip.samples, NO_PITCH)
        recognizer = self.recognizer()
        if self.threads is not None:
            recognizer.use_threads(self.threads)
        drafts = [wording.script for wording in line.wordings]
        recognition = recognizer.listen(clip.samples, check.spans_s, drafts)
        return RecognizedClip(
            check, recognition, recognizer.info, clip.samples, pitch.track(clip.samples)
        )

    def judge(self, heard: RecognizedClip, line: Line) -> Assessment:
        """Score a recognized recording as an attempt at a line, and measure the delivery."""
        check, recognition = heard.check, heard.recognition
        if recognition is None:
            assert check.reason is not None
            score = scoring.unscored(line, check.reason)
            return Assessment(check, None, None, score, None, self.scorer, delivery.unmeasured())
        if is_not_speech(recognition.transcript):
            check = replace(check, reason=Unscored.NO_SPEECH)
            score = scoring.unscored(line, Unscored.NO_SPEECH)
            first, said = recognition.transcript, delivery.unmeasured()
            return Assessment(check, first, None, score, heard.model, self.scorer, said)
        score = self._score(line, recognition, check.speech_s)
        other = None
        if needs_second_look(recognition.transcript, score, check.speech_s):
            other = recognition.second_look()
        if other is not None:
            again = self._score(line, other, check.speech_s)
            if again.reason is None and is_better(
                other.transcript, recognition.transcript, check.speech_s
            ):
                recognition, other, score, again = other, recognition, again, score
            if again.reason is None and not loops(other.transcript, check.speech_s):
                score = scoring.merge_second_pass(score, again)
        first = replace(
            recognition.transcript, times_s=recognition.times_s(), logprobs=recognition.logprobs()
        )
        second = None if other is None else other.transcript
        said = delivery.unmeasured()
        if score.reason is None:
            said = delivery.measure(heard.samples, check, heard.pitch, first, score)
        aims = delivery.aims_of(said, line.targets)
        score = scoring.with_aims(score, aims, may_fail=line.targets.may_fail)
        return Assessment(check, first, second, score, heard.model, self.scorer, said)

    def _score(self, line: Line, recognition: Recognition, speech_s: float) -> Score:
        transcript = recognition.transcript
        draft = scoring.draft(line, transcript.text)
        if draft is None:
            return scoring.unscored(line, Unscored.NO_TEXT)
        questions = draft.questions
        gains = recognition.compare(questions)
        answers = None if gains is None else dict(zip(questions, gains, strict=True))
        reliability = scoring.reliability_of(transcript, speech_s, unasked=gains is None)
        return draft.judge(answers, reliability, self.banned, self.thresholds)

    @staticmethod
    def _check(clip: Clip) -> SpeechCheck:
        if clip.is_too_long:
            return too_long(clip.duration_s)
        return check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)


def is_not_speech(transcript: Transcript) -> bool:
    """Return True if the recognizer doubts that there was speech (a distant voice, music)."""
    return transcript.no_speech_prob > NO_SPEECH_ABOVE and transcript.avg_logprob < NO_SPEECH_BELOW


def needs_second_look(transcript: Transcript, score: Score, speech_s: float) -> bool:
    """Return True if a transcript is doubtful enough to justify a second decoding.

    That is so if the transcript is empty, unlikely or repeats itself, or if an element remains
    unsure. It applies to a quarter of the labeled clips.

    Args:
        transcript: The first transcript.
        score: The score of the first transcript.
        speech_s: Duration of the speech.
    """
    return (
        score.reason is not None
        or transcript.avg_logprob < scoring.SECOND_LOOK_BELOW
        or loops(transcript, speech_s)
        or any(element.verdict is Verdict.UNSURE for element in score.elements)
    )


def is_better(second: Transcript, first: Transcript, speech_s: float) -> bool:
    """Return True if the second transcript should replace the first.

    That is so if it is more likely, or if the first is empty or repeats itself.
    """
    if loops(first, speech_s) or not normalize(first.text):
        return True
    return not loops(second, speech_s) and second.avg_logprob > first.avg_logprob
