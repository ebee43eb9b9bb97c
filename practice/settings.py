"""Settings that are kept between runs: who practices on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from practice.errors import PracticeError, system_reason
from practice.files import atomic_write
from practice.i18n import gettext as _


def remembered(path: Path, key: str) -> str | None:
    """Return the value of a key, or None if there is none or the file is damaged."""
    value = _known(path).get(key)
    return value if isinstance(value, str) and value else None


def remember(path: Path, **values: str) -> None:
    """Store values by key and keep all others.

    Raises:
        PracticeError: The file cannot be written.
    """
    _write(path, {**_known(path), **values})


def forget(path: Path, key: str) -> None:
    """Remove the value of a key.

    Raises:
        PracticeError: The file cannot be written.
    """
    known = _known(path)
    if key in known:
        del known[key]
        _write(path, known)


def _known(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(path: Path, values: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(json.dumps(values, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise PracticeError(
            _("{path} cannot be written: {why}. Give your name with --trainee.").format(
                path=path, why=system_reason(error)
            )
        ) from None
