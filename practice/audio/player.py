"""Playback through the default loudspeaker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import soxr

from practice.audio.devices import sounddevice
from practice.audio.signal_check import RATE_HZ, Samples
from practice.errors import DeviceError
from practice.i18n import gettext as _

_POLL_S = 0.05
_STUCK_AFTER_S = 10.0
"""Maximum delay beyond the duration of the audio. A sound server needs seconds to wake up,
and waiting for one that died would never end."""


@dataclass(frozen=True, slots=True)
class Loudspeaker:
    """The system's default output device.

    Attributes:
        index: Index in PortAudio.
        rate_hz: The device's own sample rate.
    """

    index: int
    name: str
    channels: int
    rate_hz: int


def loudspeaker() -> Loudspeaker:
    """Return the default output device.

    Raises:
        DeviceError: There is none, or PortAudio is not installed.
    """
    sd = sounddevice()
    try:
        found = sd.query_devices(kind="output")
    except (sd.PortAudioError, ValueError):
        raise DeviceError(
            _("No loudspeaker was found. Connect one, or continue without sound.")
        ) from None
    return Loudspeaker(
        index=found["index"],
        name=found["name"],
        channels=found["max_output_channels"],
        rate_hz=int(found["default_samplerate"]),
    )


def play(samples: Samples, is_stopped: Callable[[], bool]) -> None:
    """Play samples, and wait until they end.

    Args:
        samples: Mono, 16 kHz.
        is_stopped: Called many times per second; playback stops when it returns True.

    Raises:
        DeviceError: The loudspeaker cannot be used.
    """
    device = loudspeaker()
    if not samples.size:
        return
    sound = soxr.resample(samples, RATE_HZ, device.rate_hz).astype(np.float32)
    is_over = Event()
    try:
        with _open(device, _Feed(sound), is_over) as stream:
            try:
                waited_s = 0.0
                while not is_over.wait(_POLL_S) and not is_stopped():
                    waited_s += _POLL_S
                    if waited_s > len(sound) / device.rate_hz + _STUCK_AFTER_S:
                        raise DeviceError(_unplayable(device, _("it does not play sound")))
            finally:
                if not is_over.is_set():
                    stream.abort()  # close() alone would still play the queued samples
    except sounddevice().PortAudioError as error:
        raise DeviceError(_unplayable(device, error)) from None


class _Feed:
    """Callback that feeds samples to a stream; it runs on the sound system's thread."""

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self._stop: type[Exception] = sounddevice().CallbackStop

    def __call__(self, block: Samples, frames: int, _time: object, _status: object) -> None:
        now, self._sound = self._sound[:frames], self._sound[frames:]
        block[: len(now)] = now[:, np.newaxis]
        block[len(now) :] = 0
        if len(now) < frames:
            raise self._stop


def _open(device: Loudspeaker, feed: _Feed, is_over: Event) -> AbstractContextManager[Any]:
    sd = sounddevice()
    refused: Exception | None = None
    # Some drivers reject one channel: then two channels get the same samples.
    for channels in sorted({1, min(2, device.channels)}):
        try:
            stream: AbstractContextManager[Any] = sd.OutputStream(
                device=device.index,
                samplerate=device.rate_hz,
                channels=channels,
                dtype="float32",
                callback=feed,
                finished_callback=is_over.set,
            )
        except sd.PortAudioError as error:
            refused = error
        else:
            return stream
    raise DeviceError(_unplayable(device, refused))


def _unplayable(device: Loudspeaker, why: object) -> str:
    return _(
        "The loudspeaker “{name}” cannot be used ({why}). Close other programs that use it, or "
        "choose another in the system's settings."
    ).format(name=device.name, why=why)
