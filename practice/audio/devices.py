"""Microphones and the loudspeaker that PortAudio reports."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from practice.errors import DeviceError
from practice.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or loudspeaker.

    Attributes:
        index: Index in PortAudio.
        host: Name of the host API; empty for a loudspeaker.
        rate_hz: The device's own sample rate.
    """

    index: int
    name: str
    host: str
    channels: int
    rate_hz: int
    is_default: bool


def sounddevice() -> ModuleType:
    """Import and return the sounddevice module.

    Raises:
        DeviceError: PortAudio is not installed.
    """
    try:
        import sounddevice as sd
    except OSError:
        raise DeviceError(
            _(
                "The PortAudio library is not installed. On Debian or Ubuntu, run: apt-get "
                "install libportaudio2. Recordings work without it: --audio FILE."
            )
        ) from None
    module: ModuleType = sd
    return module


def list_microphones() -> list[Device]:
    """List the devices that can record.

    Raises:
        DeviceError: PortAudio is not installed, or the sound system does not respond.
    """
    sd = sounddevice()
    default = sd.default.device[0]
    try:
        hosts = sd.query_hostapis()
        found = sd.query_devices()
    except sd.PortAudioError as error:
        raise DeviceError(
            _(
                "The sound system does not respond: {why}. Check the system's sound settings."
            ).format(why=error)
        ) from None
    return [
        Device(
            index=index,
            name=device["name"],
            host=hosts[device["hostapi"]]["name"],
            channels=device["max_input_channels"],
            rate_hz=int(device["default_samplerate"]),
            is_default=index == default,
        )
        for index, device in enumerate(found)
        if device["max_input_channels"] > 0
    ]


def choose(wanted: str | None) -> Device:
    """Choose a microphone.

    Args:
        wanted: Index or part of the name; None chooses the system's default.

    Raises:
        DeviceError: There is no microphone, or ``wanted`` matches none or several.
    """
    devices = list_microphones()
    if not devices:
        raise DeviceError(
            _(
                "No microphone was found. Plug one in and allow access to it; `practice "
                "devices` lists the microphones."
            )
        )
    if wanted is None:
        return next((d for d in devices if d.is_default), devices[0])
    if wanted.isdecimal():
        fitting = [d for d in devices if d.index == int(wanted)]
    else:
        fitting = [d for d in devices if wanted.casefold() in d.name.casefold()]
        fitting = [d for d in fitting if d.name.casefold() == wanted.casefold()] or fitting
    if not fitting:
        raise DeviceError(
            _("There is no microphone “{name}”. `practice devices` lists the microphones.").format(
                name=wanted
            )
        )
    # Windows lists a microphone once for each host API; PortAudio prefers the first one.
    if len({d.name for d in fitting}) > 1:
        names = _(", ").join(f"{d.index} {d.name}" for d in fitting)
        raise DeviceError(
            _("“{name}” matches several microphones ({names}). Give the index instead.").format(
                name=wanted, names=names
            )
        )
    return fitting[0]


def loudspeaker() -> Device:
    """Return the system's default output device.

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
    return Device(
        index=found["index"],
        name=found["name"],
        host="",
        channels=found["max_output_channels"],
        rate_hz=int(found["default_samplerate"]),
        is_default=True,
    )


def open_stream(kind: str, device: Device, **options: Any) -> AbstractContextManager[Any]:
    """Open a stream with one channel, or with two if the driver refuses that.

    Args:
        kind: ``InputStream`` or ``OutputStream``, the classes of sounddevice.
        device: The device to record from or to play on.
        options: Further options of the stream.

    Raises:
        PortAudioError: The device cannot be opened.
    """
    sd = sounddevice()

    def stream(channels: int) -> AbstractContextManager[Any]:
        opened: AbstractContextManager[Any] = getattr(sd, kind)(
            device=device.index,
            samplerate=device.rate_hz,
            channels=channels,
            dtype="float32",
            **options,
        )
        return opened

    try:
        return stream(1)
    except sd.PortAudioError:
        if device.channels < 2:
            raise
        return stream(2)
