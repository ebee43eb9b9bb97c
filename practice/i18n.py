"""Text for people goes through here: English in the source, other languages by catalogue.

The language is ``PRACTICE_LANG``, else the one that the environment or, on Windows,
the system names. A language without a catalogue falls back to English.
"""

import gettext as _gettext
import locale
import os
import sys
from functools import cache
from pathlib import Path

DOMAIN = "practice"
LOCALE_DIR = Path(__file__).parent / "locale"


def languages() -> list[str]:
    """The languages that the user prefers, best first."""
    chosen = os.environ.get("PRACTICE_LANG")
    if chosen:
        return [chosen]
    # gettext's own order of precedence; see its manual, "Locale Environment Variables".
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return value.split(":")
    if sys.platform == "win32":
        # Nothing there sets these variables; the C runtime's locale has the user's choice.
        # Windows names it zh_CN or Chinese_China.
        name = locale.getlocale()[0] or locale.getdefaultlocale()[0] or ""
        return ["zh" if name.lower().startswith(("zh", "chinese")) else name]
    return []


@cache
def _catalogue() -> _gettext.NullTranslations:
    return _gettext.translation(DOMAIN, LOCALE_DIR, languages=languages(), fallback=True)


def gettext(message: str) -> str:
    """Translate a message into the user's language."""
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a message that counts something."""
    return _catalogue().ngettext(singular, plural, n)


def is_chinese() -> bool:
    """Whether messages come out in Chinese."""
    return _catalogue().info().get("language", "").startswith("zh")
