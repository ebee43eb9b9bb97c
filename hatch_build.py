"""Compiles the message catalogues while the wheel, or an editable install, is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Turns every .po into the .mo beside it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before files are collected; .mo files are artifacts of the build."""
        for source in Path(self.root, "practice", "locale").rglob("*.po"):
            with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
                write_mo(mo, read_po(po, locale=source.parent.parent.name))
