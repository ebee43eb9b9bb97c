"""Automatic end of a recording: after the end silence, and never before speech has begun."""

from dataclasses import dataclass

from practice.audio.signal_check import MIN_SPEECH_S, ONSET


@dataclass(slots=True)
class AutoStop:
    """Detector of the end silence, from the speech probability of each frame.

    Attributes:
        end_silence_s: Silence that ends the recording.
        frame_s: Duration of a frame.
        speech_s: Total speech so far.
        silence_s: Silence since the last frame of speech.
    """

    end_silence_s: float
    frame_s: float
    speech_s: float = 0.0
    silence_s: float = 0.0

    @property
    def is_armed(self) -> bool:
        """True if speech has begun."""
        return self.speech_s >= MIN_SPEECH_S

    @property
    def pause_s(self) -> float:
        """Duration of the current pause; 0 before speech has begun."""
        return self.silence_s if self.is_armed else 0.0

    def push(self, probability: float) -> bool:
        """Add the speech probability of the next frame; return True if the recording should end."""
        if probability >= ONSET:
            self.speech_s += self.frame_s
            self.silence_s = 0.0
        else:
            self.silence_s += self.frame_s
        return self.is_armed and self.silence_s >= self.end_silence_s
