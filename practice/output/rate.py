"""How fast long work goes, for its progress bar."""

from __future__ import annotations

from rich.progress import ProgressColumn, Task
from rich.text import Text

from practice.i18n import gettext as _


class Rate(ProgressColumn):
    """Items a second; nothing until a few are done."""

    def render(self, task: Task) -> Text:
        """Write the rate of a task."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _("{rate:.1f} a second").format(rate=speed))
