"""Audio files: reading through libsndfile, resampling, and a WAV writer that survives a crash."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from practice.audio.signal_check import MAX_RECORDING_S, RATE_HZ, Samples, clipped_share
from practice.errors import AudioError, system_reason
from practice.i18n import gettext as _

# File name suffix of each format, so that no part of a stored name comes from the user.
_SUFFIXES = {"WAV": ".wav", "WAVEX": ".wav", "FLAC": ".flac", "OGG": ".ogg", "MP3": ".mp3"}

MOST_SAMPLES = int(MAX_RECORDING_S) * 96_000 * 8
"""Maximum number of samples, over all channels, in a file that is read.

A few kilobytes of compressed silence can expand to more than the memory."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording, mono at 16 kHz.

    Attributes:
        samples: Values from -1 to 1; empty if the recording is too long.
        clipped_share: Share of samples at full scale, measured at the original sample rate.
        suffix: File name suffix of the original format.
    """

    samples: Samples
    duration_s: float
    clipped_share: float
    suffix: str

    @property
    def is_too_long(self) -> bool:
        """True if the recording is longer than one utterance can be."""
        return self.duration_s > MAX_RECORDING_S


def read(path: Path) -> Clip:
    """Read a WAV, FLAC, OGG or MP3 file with any sample rate and number of channels.

    If there are several channels, the one with the most energy is used: a headset may fill
    only one, and averaging can cancel the signal.

    Raises:
        AudioError: The file cannot be read, or is not audio.
    """
    if path.exists() and not path.is_file():
        raise AudioError(
            _("{path} is not an audio file. Give the path of a recording.").format(path=path)
        )
    try:
        # Opened here, because libsndfile accepts only names in UTF-8.
        with path.open("rb") as raw:
            return _decode(raw)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise AudioError(_unreadable(path, error)) from None


def decode(data: bytes, name: str) -> Clip:
    """Read a recording from memory, as ``read`` does from a file.

    Args:
        data: The bytes of an audio file.
        name: Name of the recording in error messages.

    Raises:
        AudioError: The bytes are not audio.
    """
    try:
        return _decode_in_memory(data)
    except (soundfile.LibsndfileError, ValueError):
        raise AudioError(_no_recording(name)) from None


@lru_cache(maxsize=2)  # one page draws, compares and plots the same recording
def _decode_in_memory(data: bytes) -> Clip:
    return _decode(io.BytesIO(data))


def _decode(raw: BinaryIO) -> Clip:
    with soundfile.SoundFile(raw) as file:
        suffix = _SUFFIXES.get(file.format, ".wav")
        rate = file.samplerate
        duration_s = file.frames / rate
        if duration_s > MAX_RECORDING_S:
            return Clip(np.zeros(0, dtype=np.float32), duration_s, 0.0, suffix)
        if file.frames * file.channels > MOST_SAMPLES:
            raise ValueError("too many samples")
        channels = file.read(dtype="float32", always_2d=True)
    # A file of floats may contain any value, even infinity and NaN.
    channels = np.clip(np.nan_to_num(channels, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    mono = channels[:, int(np.argmax(np.sum(np.square(channels), axis=0)))]
    return Clip(resample(mono, rate), len(mono) / rate, clipped_share(mono), suffix)


def _unreadable(path: Path, error: Exception) -> str:
    if not path.exists():
        return _("There is no file {path}.").format(path=path)
    if path.is_file() and path.stat().st_size == 0:
        return _("{path} is empty. Record it again.").format(path=path)
    if isinstance(error, PermissionError):
        return _("No permission to read {path}. Request read access.").format(path=path)
    return _no_recording(str(path))


def _no_recording(name: str) -> str:
    return _("{path} is not a readable recording. Convert it to WAV, FLAC, OGG or MP3.").format(
        path=name
    )


def resample(samples: Samples, rate_hz: float) -> Samples:
    """Resample mono samples to 16 kHz."""
    if rate_hz == RATE_HZ:
        return np.ascontiguousarray(samples, dtype=np.float32)
    out: Samples = soxr.resample(samples, rate_hz, RATE_HZ).astype(np.float32)
    return out


class StreamResampler:
    """Resampler of a stream of mono blocks to 16 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._stream: Any = (
            None
            if rate_hz == RATE_HZ
            else soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="LQ")
        )

    def push(self, block: Samples) -> Samples:
        """Add the next block, and return the samples that are ready."""
        if self._stream is None:
            return block
        out: Samples = self._stream.resample_chunk(block)
        return out


class WavWriter:
    """Writer of a mono 16-bit WAV that is readable at any time, even after a crash.

    Every block also updates the header.

    Raises:
        AudioError: The folder is not writable, or the disk is full. Blocks written before
            remain in the file.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        with _reporting(path):
            self._file = path.open("wb")
        self._wav = wave.open(self._file, "wb")  # noqa: SIM115 - closed by close()
        self._wav.setnchannels(1)
        self._wav.setsampwidth(2)
        self._wav.setframerate(rate_hz)

    def write(self, block: Samples) -> None:
        """Append samples (-1 to 1), and flush them to the operating system."""
        pcm = (np.clip(block, -1.0, 1.0) * 32767).astype("<i2")
        with _reporting(self.path):
            self._wav.writeframes(pcm.tobytes())
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with _reporting(self.path):
            self._wav.close()
            self._file.close()

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """Report a failure to write a recording."""
    try:
        yield
    except OSError as error:
        raise AudioError(
            _(
                "The recording {path} cannot be written: {why}. Free up disk space or choose "
                "another folder with --recordings."
            ).format(path=path, why=system_reason(error))
        ) from None
