"""The system's own voice, through pyttsx3 where that is installed.

A process of its own renders the words into a file: engines of systems hang, print what they
like, and on Windows belong to the thread that started them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.errors import AudioError, DeviceError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.audio.signal_check import Samples

_LIMIT_S = 15.0
"""A sentence takes a second; the first one after the machine's start a few."""
_TRIES = 3
_WAIT_S = 2.0
"""pyttsx3's loop now and then ends before espeak-ng does, which goes on in a thread of its own:
of 60 times, four at once, 3 left no file. So it is waited for, and asked again."""
_WAV_HEADER = 44
_NO_VOICE = 3
_WORDS_PER_MIN = 150
"""A little slower than the engines' 200, which are for ears that know the voice."""
# How the systems name Mandarin: espeak-ng cmn, Windows zh-CN, macOS zh_CN.
_MANDARIN = re.compile(r"(cmn|zh)([-_](CN|Hans|latn-pinyin).*)?", re.IGNORECASE)
_BY_PINYIN = "cmn-latn-pinyin"
"""espeak-ng's voice that reads Chinese characters as Chinese: the one that is called cmn
spells their pinyin out in English."""
# Apple's engine writes AIFF whatever the name, and readers go by what is inside.
_FILE = "spoken.aiff" if sys.platform == "darwin" else "spoken.wav"


def is_installed() -> bool:
    """Whether the extra that reaches the system's voice is installed."""
    return find_spec("pyttsx3") is not None


def speak(words: str) -> Samples:
    """Render Chinese words, mono at 16 kHz. Raises DeviceError where the system can't."""
    from practice.audio import clip as audio

    try:
        with tempfile.TemporaryDirectory(prefix="practice-") as folder:
            path = Path(folder) / _FILE
            tries = (_run(words, path) for _try in range(_TRIES))
            # What failed, it said so, will fail again.
            code = next((code for code in tries if code or path.exists()), 0)
            if code == _NO_VOICE:
                raise DeviceError(
                    _(
                        "The system has no Chinese voice, so the customer's words are not "
                        "played. Install one in the system's settings."
                    )
                )
            spoken = audio.read(path).samples
    except (OSError, subprocess.TimeoutExpired, AudioError):
        raise DeviceError(_silent()) from None
    if not spoken.size:
        raise DeviceError(_silent())
    return spoken


def _run(words: str, path: Path) -> int:
    """Render words to a file in a process of its own, and give its exit code."""
    # -P: a file of the user's that is called like a module is none of ours.
    command = [sys.executable, "-P", "-m", __spec__.name, str(path)]
    done = subprocess.run(
        command,
        input=words.encode("utf-8"),
        capture_output=True,
        timeout=_LIMIT_S,
        check=False,
    )
    return done.returncode


def _silent() -> str:
    return _(
        "The system's voice cannot be used, so the customer's words are not played. On "
        "Debian or Ubuntu, run: apt-get install espeak-ng."
    )


def _render(words: str, path: str) -> int:
    import pyttsx3

    engine: Any = pyttsx3.init()
    voices = list(filter(_is_chinese, engine.getProperty("voices")))
    if not voices:
        return _NO_VOICE
    voice = next((v for v in voices if _BY_PINYIN in v.languages), voices[0])
    engine.setProperty("voice", voice.id)
    engine.setProperty("rate", _WORDS_PER_MIN)
    engine.save_to_file(words, path)
    engine.runAndWait()
    if sys.platform == "linux":
        until = time.monotonic() + _WAIT_S
        while time.monotonic() < until and not _is_whole(path):
            time.sleep(0.02)
    return 0


def _is_whole(path: str) -> bool:
    """Whether a WAV has all the sound that its header tells of."""
    try:
        with wave.open(path) as file:
            sound: int = file.getnframes() * file.getsampwidth() * file.getnchannels()
    except (OSError, EOFError, wave.Error):
        return False
    return Path(path).stat().st_size >= sound + _WAV_HEADER


def _is_chinese(voice: Any) -> bool:
    return any(_MANDARIN.fullmatch(str(language)) for language in voice.languages or ())


if __name__ == "__main__":
    sys.exit(_render(sys.stdin.buffer.read().decode("utf-8"), sys.argv[1]))
