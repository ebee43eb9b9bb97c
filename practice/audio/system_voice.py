"""Speech synthesis by the operating system's voice, through the optional pyttsx3.

A separate process renders the words to a file, because system engines hang, print to the
terminal, and on Windows are bound to the thread that started them.
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
"""Timeout. A sentence takes a second, and a few seconds after the machine's start."""
_TRIES = 3
_WAIT_S = 2.0
"""Maximum wait for espeak-ng's file. pyttsx3's loop sometimes ends before espeak-ng, which runs in
its own thread: of 60 runs, four in parallel, 3 left no file. Hence the wait and ``_TRIES``."""
_WAV_HEADER = 44
_NO_VOICE = 3
_WORDS_PER_MIN = 150
"""Slower than the engines' default of 200, which suits listeners who know the voice."""
# Names of Mandarin: cmn in espeak-ng, zh-CN in Windows, zh_CN in macOS.
_MANDARIN = re.compile(r"(cmn|zh)([-_](CN|Hans|latn-pinyin).*)?", re.IGNORECASE)
_BY_PINYIN = "cmn-latn-pinyin"
"""The espeak-ng voice that reads Chinese characters as Chinese; the voice ``cmn`` spells their
pinyin in English."""
# Apple's engine writes AIFF regardless of the suffix; ``audio.read`` detects the format itself.
_FILE = "spoken.aiff" if sys.platform == "darwin" else "spoken.wav"


def is_installed() -> bool:
    """Return True if pyttsx3, an optional dependency, is installed."""
    return find_spec("pyttsx3") is not None


def speak(words: str) -> Samples:
    """Synthesize Chinese words.

    Returns:
        Samples, mono at 16 kHz.

    Raises:
        DeviceError: The system has no Chinese voice, or its voice cannot be used.
    """
    from practice.audio import clip as audio

    try:
        with tempfile.TemporaryDirectory(prefix="practice-") as folder:
            path = Path(folder) / _FILE
            tries = (_run(words, path) for _try in range(_TRIES))
            # A process that reported an error would fail again; one that left no file may succeed.
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
    """Render words to a file in a separate process, and return its exit code."""
    # -P: do not import a user's file that has the name of a module.
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
    """Return True if a WAV has all the samples that its header declares."""
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
