"""Files of scenarios that a test writes, and what `check` finds in them."""

from __future__ import annotations

from pathlib import Path

from practice import scenarios as prompts


def write(folder: Path, text: str | bytes, name: str = "mine.yaml") -> None:
    """Write a file, with the folder that it is in."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def problems(folder: Path, text: str | bytes, name: str = "mine.yaml") -> list[str]:
    """Write a file, and list what is wrong in its folder."""
    write(folder, text, name)
    return [str(p).removeprefix(f"{folder}/") for p in prompts.check(folder)[1]]
