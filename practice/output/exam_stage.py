"""An exam as the trainee sees it: the cue, and nothing of the script, before it is over."""

from __future__ import annotations

from practice.i18n import gettext as _
from practice.output.stage import TerminalStage
from practice.output.wording import reason_text
from practice.output.wrap import say
from practice.records.attempt import Attempt
from practice.training.session import Choice, Start, Step


class ExamStage(TerminalStage):
    """Shows a run in which every line is said from memory, and no result."""

    def show_script(self, step: Step) -> None:
        """Show nothing: the situation and the customer's words are all there is."""

    def wait_for_start(self, step: Step) -> Start:
        """Wait for a key; what would end the exam is asked for once more."""
        start = super().wait_for_start(step)
        if start is not Start.QUIT:
            return start
        text = _("End the exam? Remaining lines count as not said.   Y: end   N: continue")
        say(self._console, text, "yellow")
        is_over = self.choose({"end": ("y",), "on": ("n", "KEY_ENTER", "KEY_ESCAPE")}) == "end"
        return Start.QUIT if is_over else self.wait_for_start(step)

    def result(self, attempt: Attempt, previous: Attempt | None) -> None:
        """Tell that a take is kept, and of its judgment only that there can be none."""
        reason = attempt.assessment.score.reason
        if reason is None:
            say(self._console, _("Saved."))
            return
        say(self._console, _("NOT SCORED"), "bold yellow")
        say(self._console, reason_text(attempt.assessment.check, reason))

    def ask_next(self, step: Step, *, retries: bool) -> Choice:
        """Go on by itself, to the same line where nothing of it counts yet."""
        self.settle()
        return Choice.AGAIN if retries else Choice.NEXT
