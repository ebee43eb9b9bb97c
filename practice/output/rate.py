"""Rate column for progress bars."""

from __future__ import annotations

from rich.progress import ProgressColumn, Task
from rich.text import Text

from practice.i18n import gettext as _


class Rate(ProgressColumn):
    """Items per second; empty until the rate can be estimated."""

    def render(self, task: Task) -> Text:
        """Format the rate of a task."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _("{rate:.1f} a second").format(rate=speed))
