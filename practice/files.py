"""Atomic writing: a file appears when it is complete, and not before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from practice.errors import ExportError, system_reason
from practice.i18n import gettext as _


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing; it replaces an older one only when it is complete.

    Raises:
        OSError: The file cannot be written.
    """
    if path.exists() and not path.is_file():
        # A pipe or a device must not be replaced; for a folder, open() fails and is reported.
        with path.open("wb") as out:
            yield out
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def write_output(path: Path) -> Iterator[BinaryIO]:
    """Open a file that a user asked for, with ``atomic_write``.

    Raises:
        ExportError: The file cannot be written.
    """
    try:
        with atomic_write(path) as out:
            yield out
    except OSError as error:
        raise ExportError(
            _(
                "{path} cannot be written: {why}. Check the free space and the write "
                "permission, and close the file in other programs."
            ).format(path=path, why=system_reason(error))
        ) from None
