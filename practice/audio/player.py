"""Playback through the default loudspeaker."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import numpy as np
import soxr

from practice.audio.devices import Device, loudspeaker, open_stream, sounddevice
from practice.audio.signal_check import RATE_HZ, Samples
from practice.errors import DeviceError
from practice.i18n import gettext as _

_POLL_S = 0.05
_STUCK_AFTER_S = 10.0
"""Maximum delay beyond the duration of the audio. A sound server needs seconds to wake up,
and waiting for one that died would never end."""


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
    options = {"callback": _Feed(sound), "finished_callback": is_over.set}
    try:
        with open_stream("OutputStream", device, **options) as stream:
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


def _unplayable(device: Device, why: object) -> str:
    return _(
        "The loudspeaker “{name}” cannot be used ({why}). Close other programs that use it, or "
        "choose another in the system's settings."
    ).format(name=device.name, why=why)
