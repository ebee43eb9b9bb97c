"""Translation of all texts for users: English in the source, other languages from catalogs.

The language comes from ``--lang``, else from ``PRACTICE_LANG``, else from the environment or, on
Windows, the system. Without a catalog for it, texts are in English.
"""

import gettext as _gettext
import locale
import os
import re
import sys
from functools import cache
from pathlib import Path

DOMAIN = "practice"
CLICK_DOMAIN = "click"
LOCALE_DIR = Path(__file__).parent / "locale"
SOURCE = "en"


@cache
def available() -> tuple[str, ...]:
    """Return the available languages."""
    return (SOURCE, *sorted(path.name for path in LOCALE_DIR.iterdir() if path.is_dir()))


def settle(chosen: str | None = None) -> None:
    """Set the language of this process before its first message, for Click's texts as well.

    Click translates with the standard library's gettext, which reads ``LANGUAGE``.
    """
    if chosen in available():
        os.environ["PRACTICE_LANG"] = str(chosen)
    language.cache_clear()
    _catalogue.cache_clear()
    os.environ["LANGUAGE"] = language()
    _gettext.bindtextdomain(CLICK_DOMAIN, str(LOCALE_DIR))
    _gettext.textdomain(CLICK_DOMAIN)


@cache
def language() -> str:
    """Return the best of the user's languages that is available, or English."""
    there = available()
    names = (re.split(r"[-_.@]", name)[0].lower() for name in _preferred())
    return next((name for name in names if name in there), SOURCE)


def _preferred() -> list[str]:
    """Return the user's languages, best first."""
    chosen = os.environ.get("PRACTICE_LANG")
    if chosen:
        return [chosen]
    # gettext's own order of precedence; see its manual, "Locale Environment Variables".
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return value.split(":")
    if sys.platform == "win32":
        # Windows does not set these variables; the C runtime's locale has the user's choice,
        # as zh_CN or Chinese_China.
        name = locale.getlocale()[0] or locale.getdefaultlocale()[0] or ""
        return ["zh" if name.lower().startswith(("zh", "chinese")) else name]
    return []


@cache
def _catalogue() -> _gettext.NullTranslations:
    return _gettext.translation(DOMAIN, LOCALE_DIR, languages=[language()], fallback=True)


def gettext(message: str) -> str:
    """Translate a message into the user's language."""
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a message that contains a count."""
    return _catalogue().ngettext(singular, plural, n)


def later(message: str) -> str:
    """Mark a message for the catalog; it is translated where it is shown."""
    return message


def is_chinese() -> bool:
    """Return whether messages are in Chinese."""
    return language() == "zh"
