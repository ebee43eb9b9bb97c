"""The protocol of a recognizer: all that other packages know of speech recognition.

An engine is a folder next to this file. The recognizer never gets the script: words of a script
in the prompt leak into the transcript where nothing was said, and a language model fills in
exactly what was left out. A draft only saves steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from practice.audio.signal_check import Samples, Spans
from practice.records.recognition import ModelInfo, Transcript
from practice.scoring.evidence import TextPair


class Recognition(Protocol):
    """The result for one recording, which is encoded once for the transcript and all questions."""

    @property
    def transcript(self) -> Transcript:
        """The transcript with its confidence figures."""

    def times_s(self) -> tuple[float, ...]:
        """Return where each character of the transcript begins, in seconds of the recording."""

    def logprobs(self) -> tuple[float, ...]:
        """Return the log-probability of each character of the transcript, in nats."""

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        """Compare the likelihoods of the two texts of each pair, given the audio.

        Returns:
            log P(first) - log P(second) for each pair, in nats, or None if the recording is too
            long to be compared as a whole.
        """

    def second_look(self) -> Recognition | None:
        """Recognize the recording in a more expensive way, for doubtful results.

        Returns:
            The new recognition, or None if there is no more expensive way.
        """


class Recognizer(Protocol):
    """An engine that recognizes speech."""

    @property
    def info(self) -> ModelInfo:
        """The model and settings of the recognizer."""

    def listen(
        self,
        samples: Samples,
        spans_s: Spans,
        drafts: Sequence[str] = (),
    ) -> Recognition:
        """Recognize the speech of a recording.

        Args:
            samples: Mono, 16 kHz.
            spans_s: Start and end of each span of speech, in seconds.
            drafts: Texts that may be what was said. They can make recognition faster, and
                never change its result.
        """

    def use_threads(self, number: int) -> None:
        """Set how many threads, at least one, compute the calling thread's requests."""
