"""What is remembered between runs: who practises at this machine."""

from __future__ import annotations

import json
from pathlib import Path

from practice.errors import PracticeError
from practice.i18n import gettext as _


def remembered(path: Path, key: str) -> str | None:
    """What was remembered under a key; None where nothing was, or the file is damaged."""
    try:
        value = json.loads(path.read_text("utf-8")).get(key)
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) and value else None


def remember(path: Path, **values: str) -> None:
    """Remember values beside those that are there. Raises PracticeError."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        known = {}
    known = {**(known if isinstance(known, dict) else {}), **values}
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf-8")
        part.replace(path)
    except OSError as error:
        raise PracticeError(
            _("{path} cannot be written: {why}. Give your name with --trainee.").format(
                path=path, why=error.strerror
            )
        ) from None
