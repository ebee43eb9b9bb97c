"""When a recording ends by itself: after the speech has ended, never before it began."""

from dataclasses import dataclass

from practice.audio.signal_check import MIN_SPEECH_S, ONSET


@dataclass(slots=True)
class AutoStop:
    """Decides frame by frame. ``push`` takes a frame's speech probability."""

    end_silence_s: float
    frame_s: float
    speech_s: float = 0.0
    silence_s: float = 0.0

    @property
    def is_armed(self) -> bool:
        """Whether speech has begun."""
        return self.speech_s >= MIN_SPEECH_S

    @property
    def pause_s(self) -> float:
        """For how long nothing has been said since speech began."""
        return self.silence_s if self.is_armed else 0.0

    def push(self, probability: float) -> bool:
        """Take in the next frame; say whether the take is over."""
        if probability >= ONSET:
            self.speech_s += self.frame_s
            self.silence_s = 0.0
        else:
            self.silence_s += self.frame_s
        return self.is_armed and self.silence_s >= self.end_silence_s
