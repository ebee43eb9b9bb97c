"""The command ``practice``: a table of contents, and where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module

import click

from practice import __version__
from practice.errors import PracticeError
from practice.i18n import gettext as _
from practice.visible import one_line

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run:run", _("Practise a scenario: read, speak, and see what was missed.")),
    "list": ("list_:list_", _("List the scenarios, with the trainee's best results.")),
    "show": ("show:show", _("Show a scenario: situation, script, courtesies.")),
    "history": ("history:history", _("List the takes that are kept, or show one.")),
    "score": ("score:score", _("Judge recordings: of one scenario, or of a manifest.")),
    "review": ("review:review", _("Review takes on a page: listen, correct, pass or redo.")),
    "account": ("account:account", _("Who may log in at the trainer's desk.")),
    "rescore": ("rescore:rescore", _("Judge kept takes again by today's rules and model.")),
    "export": ("export:export", _("Write takes as CSV, Excel or JSON.")),
    "report": ("report:report", _("Write a trainee's report, with sound, as an HTML file.")),
    "calibrate": (
        "calibrate:calibrate",
        _("Fit the verdicts' limits to what the trainers corrected."),
    ),
    "pack": ("pack:pack", _("Make a file of what is new, for a machine without a network.")),
    "unpack": ("unpack:unpack", _("Take over what such files bring.")),
    "forget": ("forget:forget", _("Remove everything that is kept of a trainee.")),
    "prune": ("prune:prune", _("Remove old takes.")),
    "new": ("new:new", _("Write a new scenario's file, to make your own.")),
    "check": ("check:check", _("Check the scenarios' files for mistakes.")),
    "schema": ("schema:schema", _("Print the JSON schema of a scenario's file, for editors.")),
    "devices": ("devices:devices", _("List the microphones.")),
    "doctor": ("doctor:doctor", _("Check Python, sound, microphone, weights, disk.")),
    "model": ("model:model", _("Whisper's weights: list, install, path.")),
}
"""Each command's place below practice.commands, and its line in the help."""


class Contents(click.Group):
    """A group that imports a command when it is called, not before: help stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"practice.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, text) for name, (_place, text) in COMMANDS.items()])


@click.group(
    cls=Contents,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    help=_("Practise the phrases of the service standard, and see which courtesies were missed."),
)
@click.version_option(__version__, package_name="practice")
def cli() -> None:
    """Group the commands."""


def main() -> None:
    """Run ``practice``: every expected failure is one line on stderr and an exit code.

    0 done, 1 a mistake of input or environment, 2 wrong usage, 130 Ctrl-C. What is not
    expected keeps its traceback.
    """
    os.umask(0o077)  # voices and names: what is made here is its user's own
    for stream in (sys.stdout, sys.stderr):
        # A console without Chinese shows question marks instead of ending the run.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = cli.main(standalone_mode=False)
    except PracticeError as error:
        click.echo(_("Error: {message}").format(message=one_line(str(error))), err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        sys.exit(130)
    except UnicodeEncodeError as error:
        if "surrogates" not in error.reason:
            raise
        click.echo(_("Error: an argument has bytes that are no text."), err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EPIPE):
            raise
        # The reader of our output went away (`| head`), which is nothing wrong, or the
        # place that it goes to is full.
        sys.stdout = None
        if error.errno == errno.EPIPE:
            sys.exit(0)
        click.echo(_("Error: {message}").format(message=error.strerror), err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
