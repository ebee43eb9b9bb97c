"""A sound system without devices: stands in for the module ``sounddevice``.

What is spoken into its microphone is delivered at once, and silence after it until the
recording is over; otherwise silence comes in real time. What is played is collected.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soxr

from practice.audio import clip as audio
from practice.audio.signal_check import RATE_HZ, Samples

_RATE_HZ = 48_000
_AFTER_S = 12.0
"""Silence that follows speech at once: longer than any end-of-speech wait."""


class PortAudioError(Exception):
    """What sounddevice raises where a device refuses."""


class CallbackStop(Exception):  # noqa: N818 - sounddevice's own name
    """What a callback raises when it has no more to play."""


@dataclass
class FakeSound:
    """One microphone and one loudspeaker, which a test can speak into, hear, and unplug."""

    PortAudioError: type[Exception] = PortAudioError
    CallbackStop: type[Exception] = CallbackStop
    default: Any = field(default_factory=lambda: SimpleNamespace(device=(0, 1)))
    is_missing: bool = False
    """Whether the PortAudio library is not on the machine at all."""
    has_microphone: bool = True
    has_loudspeaker: bool = True
    refuses: bool = False
    is_holding: bool = False
    """Whether what is played goes on until somebody stops it."""
    is_playing: bool = False
    """Whether something is played at this moment."""
    has_system_voice: bool = False
    """Whether pyttsx3 is installed: without it customers whose words nobody recorded are silent."""
    played: list[Samples] = field(default_factory=list)
    """What came out of the loudspeaker, a piece for each time, at 48 kHz."""
    _spoken: queue.SimpleQueue[Samples] = field(default_factory=queue.SimpleQueue)

    # ---- for tests

    def speak(self, path: Path, after_s: float = _AFTER_S) -> None:
        """Say a clip into the microphone, and then nothing; ``after_s`` of it at once."""
        clip = soxr.resample(audio.read(path).samples, RATE_HZ, _RATE_HZ)
        self._spoken.put(np.concatenate([clip, np.zeros(int(after_s * _RATE_HZ))]))

    def silence(self, seconds: float) -> None:
        """Let time go by in which nothing is said."""
        self._spoken.put(np.zeros(int(seconds * _RATE_HZ)))

    def unplug(self) -> None:
        """Take the microphone away, also from a recording that is under way."""
        self.has_microphone = False

    # ---- what practice uses of sounddevice

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "Fake"}]

    def query_devices(self, kind: str | None = None) -> Any:
        found = [
            {
                "index": 0,
                "name": "headset",
                "hostapi": 0,
                "max_input_channels": int(self.has_microphone),
                "max_output_channels": 0,
                "default_samplerate": float(_RATE_HZ),
            },
            {
                "index": 1,
                "name": "loudspeaker",
                "hostapi": 0,
                "max_input_channels": 0,
                "max_output_channels": 2 if self.has_loudspeaker else 0,
                "default_samplerate": float(_RATE_HZ),
            },
        ]
        if kind is None:
            return found
        if not self.has_loudspeaker:
            raise PortAudioError("no such device")
        return found[1]

    def get_portaudio_version(self) -> tuple[int, str]:
        return 0, "PortAudio, faked"

    def InputStream(self, **options: Any) -> _Stream:  # noqa: N802 - sounddevice's own name
        if self.refuses or not self.has_microphone:
            raise PortAudioError("device unavailable")
        return _Stream(self._feed, options)

    def OutputStream(self, **options: Any) -> _Stream:  # noqa: N802
        if self.refuses or not self.has_loudspeaker:
            raise PortAudioError("device unavailable")
        return _Stream(self._drain, options)

    def _feed(self, stream: _Stream) -> None:
        size = stream.options["blocksize"]
        waiting = np.zeros(0)
        while stream.active and self.has_microphone:
            if not waiting.size:
                try:  # the first block shows that the microphone is there
                    waiting = self._spoken.get(timeout=size / _RATE_HZ if stream.blocks else 0)
                except queue.Empty:
                    waiting = np.zeros(size)
            block, waiting = waiting[:size], waiting[size:]
            stream.give(block[:, np.newaxis].astype(np.float32))

    def _drain(self, stream: _Stream) -> None:
        self.is_playing = True
        said = []
        block = np.zeros((1024, stream.options["channels"]), np.float32)
        while stream.active:
            try:
                stream.options["callback"](block, len(block), None, None)
            except CallbackStop:
                said.append(block[:, 0].copy())
                break
            said.append(block[:, 0].copy())
        while self.is_holding and stream.active:
            time.sleep(0.005)
        self.played.append(np.concatenate(said))
        self.is_playing = stream.active = False
        stream.options["finished_callback"]()


class _Stream:
    """A stream whose blocks a thread of its own delivers or takes."""

    def __init__(self, work: Callable[[_Stream], None], options: dict[str, Any]) -> None:
        self.options = options
        self.active = False
        self.blocks = 0
        self._thread = threading.Thread(target=work, args=(self,), daemon=True)

    def give(self, block: Samples) -> None:
        self.options["callback"](block, len(block), None, SimpleNamespace(input_overflow=False))
        self.blocks += 1

    def abort(self) -> None:
        self.active = False

    def __enter__(self) -> _Stream:
        self.active = True
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.active = False
        self._thread.join(10)
