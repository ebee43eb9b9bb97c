"""Terminal interface of an exam, which shows neither script nor result until the end."""

from __future__ import annotations

from practice.i18n import gettext as _
from practice.output.stage import TerminalStage
from practice.output.wording import reason_text
from practice.output.wrap import say
from practice.records.attempt import Attempt
from practice.training.session import Choice, Start, Step


class ExamStage(TerminalStage):
    """Terminal interface for lines said from memory, without results."""

    def show_script(self, step: Step) -> None:
        """Show nothing: in an exam, only the situation and the customer's words are shown."""

    def wait_for_start(self, step: Step) -> Start:
        """Wait for a key; ask for confirmation before ending the exam."""
        start = super().wait_for_start(step)
        if start is not Start.QUIT:
            return start
        text = _("End the exam? Remaining lines count as not said.   Y: end   N: continue")
        say(self._console, text, "yellow")
        is_over = self.choose({"end": ("y",), "on": ("n", "KEY_ENTER", "KEY_ESCAPE")}) == "end"
        return Start.QUIT if is_over else self.wait_for_start(step)

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Confirm that an attempt was saved, or show why it could not be scored."""
        reason = attempt.assessment.score.reason
        if reason is None:
            say(self._console, _("Saved."))
            return
        say(self._console, _("NOT SCORED"), "bold yellow")
        say(self._console, reason_text(attempt.assessment.check, reason))

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Go on without asking: repeat the line if its attempt was not scored."""
        self.settle()
        return Choice.AGAIN if retries else Choice.NEXT
