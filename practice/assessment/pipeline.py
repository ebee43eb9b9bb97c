"""The pipeline that every command uses: signal check, voice activity, recognizer, score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from practice.audio.clip import Clip
from practice.audio.signal_check import RATE_HZ, Samples, check_speech, find_obstacle
from practice.audio.voice_activity import find_speech
from practice.delivery import measure as delivery
from practice.delivery import pitch_tracker as pitch
from practice.delivery.pitch import PitchTrack
from practice.recognition.recognizer import Recognition, Recognizer
from practice.records.attempt import Assessment
from practice.records.recognition import ModelInfo, SpeechCheck, Transcript, Unscored
from practice.records.scenario import AcceptedWords, BannedPhrase, Line, Wording
from practice.records.score import Score, Verdict
from practice.scoring import score as scoring
from practice.scoring.decision import THRESHOLDS, Thresholds

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
        reason: The reason for not scoring the recording, or None.
        recognition: None if the recognizer was not asked, because there was a reason before.
    """

    check: SpeechCheck
    reason: Unscored | None
    recognition: Recognition | None
    model: ModelInfo | None
    samples: Samples
    pitch: PitchTrack


@dataclass(frozen=True, slots=True)
class Look:
    """One transcription of a recording and its score, which has no total yet.

    Attributes:
        loops: True if the transcript repeats itself.
    """

    recognition: Recognition
    score: Score
    loops: bool

    @property
    def transcript(self) -> Transcript:
        """The recognizer's text."""
        return self.recognition.transcript


@dataclass(frozen=True, slots=True)
class Assessor:
    """The pipeline, configured with a recognizer, banned phrases and thresholds.

    Attributes:
        recognizer: Loads the recognizer; called only when a transcript is needed.
        banned: Phrases to look for in transcripts.
        accepted: Words that satisfy each kind of courtesy in free lines.
        threads: Number of threads for the recognizer; None uses the recognizer's default.
    """

    recognizer: Callable[[], Recognizer]
    banned: tuple[BannedPhrase, ...]
    thresholds: Thresholds = THRESHOLDS
    accepted: tuple[AcceptedWords, ...] = ()
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
        scoring.score_transcript(_WARMING, "12，你好", self.banned, self.accepted)

    def assess(self, clip: Clip, line: Line, *, cut_off: bool = False) -> Assessment:
        """Assess a recording as an attempt at a line.

        Args:
            clip: The recording.
            line: The line that the trainee was asked to say.
            cut_off: True if the recording broke off, see ``listen``.
        """
        return self.score(self.listen(clip, line, cut_off=cut_off), line)

    def listen(self, clip: Clip, line: Line, *, cut_off: bool = False) -> RecognizedClip:
        """Check and recognize a recording, and track its pitch.

        Args:
            clip: The recording.
            line: The expected line; it only speeds up recognition and never changes the result.
            cut_off: True if the recording broke off by itself. What was said afterwards is
                unknown, so the attempt is not scored.
        """
        if clip.is_too_long:
            check = SpeechCheck(clip.duration_s, 0.0, None, None, None, 0.0)
            reason: Unscored | None = Unscored.TOO_LONG
        else:
            check = check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)
            reason = find_obstacle(check)
        if cut_off:
            reason = Unscored.CUT_OFF
        if reason is not None:
            return RecognizedClip(check, reason, None, None, clip.samples, NO_PITCH)
        recognizer = self.recognizer()
        if self.threads is not None:
            recognizer.use_threads(self.threads)
        drafts = [wording.script for wording in line.wordings]
        recognition = recognizer.listen(clip.samples, check.spans_s, drafts)
        if is_not_speech(recognition.transcript):
            reason = Unscored.NO_SPEECH
        track = NO_PITCH if reason else pitch.track(clip.samples)
        return RecognizedClip(check, reason, recognition, recognizer.info, clip.samples, track)

    def score(self, recognized: RecognizedClip, line: Line) -> Assessment:
        """Score a recognized recording as an attempt at a line, and measure the delivery."""
        check, recognition, model = recognized.check, recognized.recognition, recognized.model
        if recognition is None or recognized.reason is not None:
            assert recognized.reason is not None
            score = scoring.unscored(line, recognized.reason)
            transcript = recognition.transcript if recognition else None
            said = delivery.unmeasured()
            return Assessment(check, transcript, None, score, model, self.scorer, said)
        look = self._look(line, recognition, check.speech_s)
        score, second = look.score, None
        if needs_second_look(look) and (other := recognition.second_look()) is not None:
            again = self._look(line, other, check.speech_s)
            if is_better(again, look):
                look, again = again, look
            second, score = again.transcript, look.score
            if again.score.reason is None and not again.loops:
                score = scoring.merge_second_pass(score, again.score)
        times_s, logprobs = look.recognition.times_s(), look.recognition.logprobs()
        first = replace(look.transcript, times_s=times_s, logprobs=logprobs)
        said = delivery.unmeasured()
        if score.reason is None:
            said = delivery.measure(recognized.samples, check, recognized.pitch, first, score)
        aims = delivery.aims_of(said, line.targets)
        score = scoring.with_aims(score, aims, may_fail=line.targets.may_fail)
        return Assessment(check, first, second, score, model, self.scorer, said)

    def _look(self, line: Line, recognition: Recognition, speech_s: float) -> Look:
        transcript = recognition.transcript
        draft = scoring.draft(line, transcript.text, self.accepted)
        if draft is None:
            return Look(recognition, scoring.unscored(line, Unscored.NO_TEXT), loops=False)
        questions = draft.questions
        gains = recognition.compare(questions)
        answers = None if gains is None else dict(zip(questions, gains, strict=True))
        reliability = scoring.reliability_of(transcript, speech_s, unasked=gains is None)
        score = draft.decide(answers, reliability, self.banned, self.thresholds)
        return Look(recognition, score, reliability.loops)


def is_not_speech(transcript: Transcript) -> bool:
    """Return True if the recognizer doubts that there was speech (a distant voice, music)."""
    return transcript.no_speech_prob > NO_SPEECH_ABOVE and transcript.avg_logprob < NO_SPEECH_BELOW


def needs_second_look(look: Look) -> bool:
    """Return True if the first transcription is doubtful enough to justify a second one.

    That is so if the transcript is empty, unlikely or repeats itself, or if an element remains
    unsure. It applies to a quarter of the labeled clips.
    """
    return (
        look.score.reason is not None
        or look.transcript.avg_logprob < scoring.SECOND_LOOK_BELOW
        or look.loops
        or any(element.verdict is Verdict.UNSURE for element in look.score.elements)
    )


def is_better(second: Look, first: Look) -> bool:
    """Return True if the second transcription should replace the first.

    That is so if it has text and is more likely, or if the first is empty or repeats itself.
    """
    if second.score.reason is not None:
        return False
    if first.loops or first.score.reason is not None:
        return True
    return not second.loops and second.transcript.avg_logprob > first.transcript.avg_logprob
