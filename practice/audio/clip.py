"""Recordings: reading what libsndfile reads, resampling, and a WAV that is always whole."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from practice.audio.signal_check import MAX_TAKE_S, RATE_HZ, Samples, clipped_share
from practice.errors import AudioError, system_reason
from practice.i18n import gettext as _

# What a recording's format is called on disk, so that no name comes from the user.
_SUFFIXES = {"WAV": ".wav", "WAVEX": ".wav", "FLAC": ".flac", "OGG": ".ogg", "MP3": ".mp3"}

MOST_SAMPLES = int(MAX_TAKE_S) * 96_000 * 8
"""Samples of all channels beyond which a file is no recording of a voice: a few kilobytes
of compressed silence can hold more than the memory."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording, mono at 16 kHz; empty ``samples`` where it was too long to be read.

    ``clipped_share`` was measured at the recording's own rate.
    """

    samples: Samples
    duration_s: float
    clipped_share: float
    suffix: str

    @property
    def is_too_long(self) -> bool:
        """Whether the recording is longer than one utterance can be."""
        return self.duration_s > MAX_TAKE_S


def read(path: Path) -> Clip:
    """Read a WAV, FLAC, OGG or MP3 file of any rate and number of channels.

    Of several channels the one with the most energy is taken: a headset may fill only
    one, and a mean can cancel. Raises AudioError for what is no audio.
    """
    if path.exists() and not path.is_file():
        raise AudioError(
            _("{path} is not an audio file. Give the path of a recording.").format(path=path)
        )
    try:
        # Opened here, because libsndfile takes no name that is not UTF-8.
        with path.open("rb") as raw:
            return _decode(raw)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise AudioError(_unreadable(path, error)) from None


def decode(data: bytes, name: str) -> Clip:
    """Read a recording that is in memory, as ``read`` does; ``name`` is told in errors."""
    try:
        return _decode_in_memory(data)
    except (soundfile.LibsndfileError, ValueError):
        raise AudioError(_no_recording(name)) from None


@lru_cache(maxsize=2)  # a page draws, compares and plots the same recording
def _decode_in_memory(data: bytes) -> Clip:
    return _decode(io.BytesIO(data))


def _decode(raw: BinaryIO) -> Clip:
    with soundfile.SoundFile(raw) as file:
        suffix = _SUFFIXES.get(file.format, ".wav")
        rate = file.samplerate
        duration_s = file.frames / rate
        if duration_s > MAX_TAKE_S:
            return Clip(np.zeros(0, dtype=np.float32), duration_s, 0.0, suffix)
        if file.frames * file.channels > MOST_SAMPLES:
            raise ValueError("too many samples")
        channels = file.read(dtype="float32", always_2d=True)
    # A file of floats may hold anything.
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
    """Bring mono samples to 16 kHz."""
    if rate_hz == RATE_HZ:
        return np.ascontiguousarray(samples, dtype=np.float32)
    out: Samples = soxr.resample(samples, rate_hz, RATE_HZ).astype(np.float32)
    return out


class StreamResampler:
    """Brings a stream of mono blocks to 16 kHz, block by block."""

    def __init__(self, rate_hz: int) -> None:
        self._stream: Any = (
            None
            if rate_hz == RATE_HZ
            else soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="LQ")
        )

    def push(self, block: Samples) -> Samples:
        """Give the next block; get what is ready."""
        if self._stream is None:
            return block
        out: Samples = self._stream.resample_chunk(block)
        return out


class WavWriter:
    """A mono 16-bit WAV that can be read at any moment, even after the process was killed.

    The header is brought up to date with every block. Raises AudioError when the
    folder cannot be written or the disk is full; what was written stays.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise AudioError(_unwritable(path, error)) from None
        self._wav = wave.open(self._file, "wb")  # noqa: SIM115 - closed by close()
        self._wav.setnchannels(1)
        self._wav.setsampwidth(2)
        self._wav.setframerate(rate_hz)

    def write(self, block: Samples) -> None:
        """Append samples (-1 to 1) and flush them to the operating system."""
        pcm = (np.clip(block, -1.0, 1.0) * 32767).astype("<i2")
        try:
            self._wav.writeframes(pcm.tobytes())
            self._file.flush()
        except OSError as error:
            raise AudioError(_unwritable(self.path, error)) from None

    def close(self) -> None:
        """Finish the file."""
        try:
            self._wav.close()
            self._file.close()
        except OSError as error:
            raise AudioError(_unwritable(self.path, error)) from None

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _unwritable(path: Path, error: OSError) -> str:
    return _(
        "The recording {path} cannot be written: {why}. Free up disk space or choose "
        "another folder with --recordings."
    ).format(path=path, why=system_reason(error))
