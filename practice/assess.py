"""Hearing a take: signal, voice activity, Whisper, score. One way for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from practice.core.models import Assessment, BannedPhrase, Line, SpeechCheck, Unscored
from practice.core.scoring import VERSION, score_transcript, unscored
from practice.core.speechcheck import check_speech, too_long
from practice.speech.audio import Clip
from practice.speech.transcribe import Transcriber
from practice.speech.vad import find_speech


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges takes. ``transcriber`` is called when text is first needed, not before."""

    transcriber: Callable[[], Transcriber]
    banned: tuple[BannedPhrase, ...]

    def assess(self, clip: Clip, line: Line, *, cut_off: bool = False) -> Assessment:
        """Judge a recording as a take of a line.

        ``cut_off`` says that the recording broke off by itself: what was said after that
        cannot be known, so the take is not judged.
        """
        check = self._check(clip)
        if cut_off:
            check = replace(check, reason=Unscored.CUT_OFF)
        if check.reason is not None:
            return Assessment(check, None, unscored(line, check.reason), None, VERSION)
        transcriber = self.transcriber()
        transcript = transcriber.transcribe(clip.samples, check.spans_s)
        score = score_transcript(line, transcript.text, self.banned)
        return Assessment(check, transcript, score, transcriber.info, VERSION)

    def rescore(self, earlier: Assessment, line: Line) -> Assessment:
        """Judge again what was heard before, without listening again."""
        if earlier.transcript is None:
            return replace(earlier, scorer=VERSION)
        score = score_transcript(line, earlier.transcript.text, self.banned)
        return replace(earlier, score=score, scorer=VERSION)

    @staticmethod
    def _check(clip: Clip) -> SpeechCheck:
        if clip.is_too_long:
            return too_long(clip.duration_s)
        return check_speech(clip.samples, find_speech(clip.samples), clip.clipped_share)
