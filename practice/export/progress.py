"""A trainee's progress as one HTML file that needs neither the tool nor a network."""

from __future__ import annotations

from typing import BinaryIO

from practice.core.trend import Progress
from practice.export.page import write_page
from practice.export.sound import data_uri
from practice.progress import progress_svg
from practice.report import progress as said


def write_progress(progress: Progress, made_at: str, out: BinaryIO) -> None:
    """Write the page."""
    write_page(
        "progress.html",
        out,
        progress=progress,
        made_at=made_at,
        picture=data_uri("image/svg+xml", progress_svg(progress)),
        said=said,
    )
