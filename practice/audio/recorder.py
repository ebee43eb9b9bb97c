"""Recording from a microphone into a file that is readable at any time."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np

from practice.audio.clip import StreamResampler, WavWriter
from practice.audio.devices import Device, open_stream, sounddevice
from practice.audio.signal_check import MAX_RECORDING_S, Samples, clipped_share, dbfs
from practice.audio.voice_activity import FRAME, FRAME_S, AutoStop, SpeechDetector
from practice.errors import DeviceError
from practice.i18n import gettext as _

_BLOCK_S = 0.04
_POLL_S = 0.1
_STARTS_WITHIN_S = 10.0
"""Maximum wait for the first block: a sound server may need seconds to wake up."""
_LOST_AFTER_S = 2.0
"""Time without a block after which the device is lost; drivers do not always report it."""


class Command(Enum):
    """Request of the user to a running recording."""

    GO_ON = auto()
    STOP = auto()
    DISCARD = auto()


class Ending(Enum):
    """Reason why a recording ended."""

    SPEECH_ENDED = auto()
    STOPPED = auto()
    DISCARDED = auto()
    LIMIT = auto()
    DEVICE_LOST = auto()
    INTERRUPTED = auto()


@dataclass(frozen=True, slots=True)
class Meter:
    """State of a running recording.

    Attributes:
        seconds: Duration so far.
        level_dbfs: Level of the last block; None for digital silence or before the first block.
        is_clipping: True if the last block has samples at full scale.
        is_armed: True if speech has begun.
        pause_s: Duration of the current pause; 0 before speech has begun.
    """

    seconds: float
    level_dbfs: float | None
    is_clipping: bool
    is_armed: bool
    pause_s: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """Summary of a finished recording.

    Attributes:
        overflows: Number of blocks with an overflow, as reported by PortAudio.
    """

    ending: Ending
    seconds: float
    overflows: int


class Microphone:
    """A device, with the rules that end its recordings.

    Args:
        device: The device to record from.
        end_silence_s: Silence after speech that ends a recording.
        limit_s: Maximum duration of a recording.
    """

    def __init__(
        self, device: Device, end_silence_s: float, limit_s: float = MAX_RECORDING_S
    ) -> None:
        self.device = device
        self.end_silence_s = end_silence_s
        self.limit_s = limit_s
        self._detector = SpeechDetector()

    def record(self, path: Path, watch: Callable[[Meter], Command]) -> Recorded:
        """Record until the rules, ``watch`` or Ctrl-C end the recording.

        Ctrl-C keeps the recording.

        Args:
            path: The WAV file to write.
            watch: Called for every block, and while waiting for one; must return at once.

        Raises:
            DeviceError: The device cannot be opened.
            AudioError: The file cannot be written; blocks written before remain in it.
        """
        blocks: queue.SimpleQueue[tuple[Samples, bool]] = queue.SimpleQueue()

        def take_in(block: Samples, _frames: int, _time: object, status: Any) -> None:
            # Runs on the sound system's thread, which must not be blocked.
            blocks.put((block.copy(), bool(status.input_overflow)))

        with WavWriter(path, self.device.rate_hz) as wav:
            run = _Run(wav, watch, self, self._detector)
            stream = self._open(take_in)
            try:
                with stream:
                    ending = run.until_over(blocks, stream)
            except KeyboardInterrupt:
                ending = Ending.INTERRUPTED
            while not blocks.empty():  # speech up to the last moment
                run.keep(*blocks.get())
        return Recorded(ending, run.seconds, run.overflows)

    def _open(self, take_in: Callable[..., None]) -> AbstractContextManager[Any]:
        blocksize = int(self.device.rate_hz * _BLOCK_S)
        try:
            return open_stream("InputStream", self.device, blocksize=blocksize, callback=take_in)
        except sounddevice().PortAudioError as error:
            raise DeviceError(
                _(
                    "The microphone “{name}” cannot be opened ({why}). Close other programs "
                    "that use it, allow access to it, or choose another: practice devices"
                ).format(name=self.device.name, why=error)
            ) from None


class _Run:
    def __init__(
        self,
        wav: WavWriter,
        watch: Callable[[Meter], Command],
        microphone: Microphone,
        detector: SpeechDetector,
    ) -> None:
        self.overflows = 0
        self.seconds = 0.0
        self._wav = wav
        self._watch = watch
        self._rate_hz = microphone.device.rate_hz
        self._limit_s = microphone.limit_s
        self._resampler = StreamResampler(self._rate_hz)
        self._detector = detector
        self._detector.restart()
        self._autostop = AutoStop(microphone.end_silence_s, FRAME_S)
        self._rest: Samples = np.zeros(0, dtype=np.float32)

    def until_over(self, blocks: queue.SimpleQueue[tuple[Samples, bool]], stream: Any) -> Ending:
        waited_s = 0.0
        level: Samples = self._rest
        while True:
            try:
                block, overflow = blocks.get(timeout=_POLL_S)
            except queue.Empty:
                waited_s += _POLL_S
                patience_s = _LOST_AFTER_S if self.seconds else _STARTS_WITHIN_S
                if waited_s >= patience_s or not stream.active:
                    return Ending.DEVICE_LOST
                ended = False
            else:
                waited_s = 0.0
                level = self.keep(block, overflow)
                ended = self._speech_ended(level)
            command = self._watch(
                Meter(
                    self.seconds,
                    dbfs(level),
                    clipped_share(level) > 0,
                    self._autostop.is_armed,
                    self._autostop.pause_s,
                )
            )
            if command is Command.STOP:
                return Ending.STOPPED
            if command is Command.DISCARD:
                return Ending.DISCARDED
            if ended:
                return Ending.SPEECH_ENDED
            if self.seconds >= self._limit_s:
                return Ending.LIMIT

    def keep(self, block: Samples, overflow: bool) -> Samples:
        """Write the louder channel of a block, and return it."""
        self.overflows += overflow
        mono: Samples = block[:, int(np.argmax(np.sum(np.square(block), axis=0)))]
        self._wav.write(mono)
        self.seconds += len(mono) / self._rate_hz
        return mono

    def _speech_ended(self, mono: Samples) -> bool:
        self._rest = np.concatenate([self._rest, self._resampler.push(mono)])
        ended = False
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            ended = self._autostop.push(self._detector.probability(frame)) or ended
        return ended
