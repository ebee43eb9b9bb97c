"""Check of a checkout's message catalogs: every message translated, every placeholder kept.

It is for developers who change messages, and needs Babel, from the extra ``dev``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from practice.i18n import DOMAIN
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from babel.messages import Message

_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\(\w+\)\w")

Source = tuple[Path, int, str]
"""File, line and text of a message in the source; the text is the first form of a plural."""


def check(checkout: Path) -> tuple[int, list[str]]:
    """Check every message catalog.

    Returns:
        The number of catalogs, and their mistakes as ``FILE:LINE: text``. Without Babel
        nothing can be checked: no catalogs, no mistakes.
    """
    try:
        import babel.messages  # noqa: F401
    except ImportError:
        return 0, []
    paths = sorted((checkout / "practice" / "locale").rglob("*.po"))
    sources = list(messages(checkout))
    return len(paths), [line for path in paths for line in _mistakes(path, sources)]


def messages(checkout: Path) -> Iterator[Source]:
    """Yield the messages in the source, in the order of its files."""
    from babel.messages.extract import extract_from_dir, extract_from_file

    package = checkout / "practice"
    for name, line, found, *_rest in extract_from_dir(
        package, method_map=_METHODS, keywords=_KEYWORDS
    ):
        yield package / name, line, found if isinstance(found, str) else found[0]
    start = checkout / "cli.py"
    for line, found, *_rest in extract_from_file("python", start, keywords=_KEYWORDS):
        yield start, line, found if isinstance(found, str) else found[0]


def _mistakes(path: Path, sources: list[Source]) -> Iterator[str]:
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        line = error.lineno + 1 if isinstance(error, PoFileError) else 1
        yield f"{path}:{line}: " + _("Not a valid message catalog: {why}.").format(why=error)
        return
    # Click's catalog is not checked for completeness: its messages depend on the version.
    for source, line, message in sources if path.stem == DOMAIN else ():
        if message not in catalogue:
            text = _("“{message}” is missing from {catalogue}.").format(
                message=message, catalogue=path
            )
            yield f"{source}:{line}: {text}"
    for entry in catalogue:
        fault = _fault(entry) if entry.id else None
        if fault is not None:
            yield f"{path}:{entry.lineno}: {fault}"


def _fault(entry: Message) -> str | None:
    """Return what is wrong with a translation, or None."""
    forms = entry.id if isinstance(entry.id, (list, tuple)) else (entry.id,)
    given = entry.string if isinstance(entry.string, (list, tuple)) else (entry.string,)
    texts = [text or "" for text in given]
    # Fuzzy translations are not compiled into the catalog.
    if not all(texts) or entry.fuzzy:
        return _("“{message}” has no translation.").format(message=forms[0])
    # A language with one form uses it for every number, so it has the plural's placeholders.
    originals = chain(forms if len(texts) > 1 else (), [forms[-1]] * len(texts))
    for text, original in zip(texts, originals, strict=False):
        if sorted(_PLACEHOLDER.findall(text)) != sorted(_PLACEHOLDER.findall(original)):
            return _("The placeholders of “{message}” and its translation “{text}” differ.").format(
                message=original, text=text
            )
    return None
