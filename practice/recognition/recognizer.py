"""The protocol of a recognizer: all that the other rooms know of speech recognition.

An engine is a folder beside this file. The recognizer is never told the script: a prompt with
the script's words leaks into the text where nothing was said, and a language model fills in
exactly what was left out. A draft only saves steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from practice.audio.signal_check import Samples, Spans
from practice.records.recognition import ModelInfo, Transcript
from practice.scoring.evidence import TextPair


class Recognition(Protocol):
    """A take as a recognizer hears it: encoded once, for the text and all questions on it."""

    @property
    def transcript(self) -> Transcript:
        """What was said, as the recognizer writes it."""

    def times_s(self) -> tuple[float, ...]:
        """Where in the recording each character of the transcript begins."""

    def logprobs(self) -> tuple[float, ...]:
        """The log-probability of each character of the transcript, in nats."""

    def compare(self, pairs: Sequence[TextPair]) -> list[float] | None:
        """For each pair of texts log P(first) - log P(second) given the audio, in nats.

        None where the take is too long to be compared as a whole.
        """

    def second_look(self) -> Recognition | None:
        """Hear the take in a dearer way, for when this one is doubtful; None if there is none."""


class Recognizer(Protocol):
    """Something that hears speech."""

    @property
    def info(self) -> ModelInfo:
        """Which model and settings it uses."""

    def listen(
        self,
        samples: Samples,
        spans_s: Spans,
        drafts: Sequence[str] = (),
    ) -> Recognition:
        """Hear the speech that lies in ``spans_s`` of mono samples at 16 kHz.

        ``drafts`` are texts that may be what was said. They can make it faster, and never
        change what is heard.
        """

    def use_threads(self, number: int) -> None:
        """Let what the calling thread asks be computed by so many threads, at least one."""
