"""Recordings as data URIs, for self-contained pages."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass

import soundfile

from practice.audio.clip import decode
from practice.audio.signal_check import RATE_HZ
from practice.errors import AudioError
from practice.i18n import gettext as _

# Compressed formats that browsers play are embedded unchanged.
_UNCHANGED = {".mp3": "audio/mpeg", ".ogg": "audio/ogg"}


@dataclass(frozen=True, slots=True)
class Sound:
    """Data URI of a recording, or the reason why there is none."""

    uri: str = ""
    why_not: str = ""


def embed(data: bytes | None) -> Sound:
    """Encode a recording as a data URI: MP3 and OGG unchanged, everything else as FLAC.

    The FLAC is mono, 16 bit, at the recognizer's 16 kHz.
    """
    if data is None:
        return Sound(why_not=_("There is no recording of this attempt here."))
    try:
        clip = decode(data, "")
    except AudioError:
        return Sound(why_not=_("The recording cannot be read."))
    if clip.is_too_long:
        return Sound(why_not=_("The recording is too long for this page."))
    if clip.suffix in _UNCHANGED:
        return Sound(data_uri(_UNCHANGED[clip.suffix], data))
    flac = io.BytesIO()
    soundfile.write(flac, clip.samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return Sound(data_uri("audio/flac", flac.getvalue()))


def data_uri(media_type: str, data: bytes) -> str:
    """Encode data as a base64 data URI."""
    return f"data:{media_type};base64,{b64encode(data).decode('ascii')}"
