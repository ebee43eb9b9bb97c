"""Trainee's progress as a self-contained HTML page."""

from __future__ import annotations

from typing import BinaryIO

from practice.output import progress as said
from practice.output.export.page import write_page
from practice.output.export.sound import data_uri
from practice.output.plots.progress import progress_svg
from practice.scoring.trend import Progress


def write_progress(progress: Progress, made_at: str, out: BinaryIO) -> None:
    """Write the page; ``made_at`` is its time in ISO 8601."""
    write_page(
        "progress.html",
        out,
        progress=progress,
        made_at=made_at,
        picture=data_uri("image/svg+xml", progress_svg(progress)),
        said=said,
    )
