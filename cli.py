"""The command ``practice``: a table of contents, and where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module
from itertools import islice

import click

from practice import __version__
from practice.errors import PracticeError, system_reason
from practice.i18n import available, gettext, settle
from practice.i18n import later as _
from practice.output.help import HelpContext, lay_out_by_cells
from practice.text import one_line

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run:run", _("Practise a scenario: read, speak, and see what was missed.")),
    "drill": ("drill:drill", _("Practise what you miss most, by spaced repetition.")),
    "exam": ("exam:exam", _("Take an exam: each line of a book once, from memory.")),
    "class": ("class_:class_", _("Practise as a class: several trainees in turn.")),
    "list": ("list_:list_", _("List the scenarios.")),
    "show": ("show:show", _("Show a scenario: situation, script, courtesies.")),
    "listen": ("listen:listen", _("Hear a scenario's model readings, and yourself.")),
    "history": ("history:history", _("List the takes that are kept, or show one.")),
    "progress": ("progress:progress", _("Show how a trainee comes on.")),
    "show-attempt": (
        "show_attempt:show_attempt",
        _("Draw a take: waveform, pitch, characters, pauses."),
    ),
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
    "bundle": (
        "bundle:bundle",
        _("Carry attempts and reviews between machines without a network."),
    ),
    "forget": ("forget:forget", _("Remove everything that is kept of a trainee.")),
    "prune": ("prune:prune", _("Remove old takes.")),
    "new": ("new:new", _("Write a new scenario's file, to make your own.")),
    "check": ("check:check", _("Check the scenarios' files for mistakes.")),
    "voice": ("voice:voice", _("The customer's voice and model readings: record, list.")),
    "schema": ("schema:schema", _("Print the JSON schema of a scenario's file, for editors.")),
    "coverage": (
        "coverage:coverage",
        _("Show which scenarios practise which rows of the standard."),
    ),
    "devices": ("devices:devices", _("List the microphones.")),
    "doctor": ("doctor:doctor", _("Check Python, sound, microphone, weights, disk.")),
    "model": ("model:model", _("Whisper's weights: list, install, path.")),
}
"""Each command's place below practice.commands, and its line in the help.

The lines are translated where they are shown: ``--lang`` is not read yet.
"""


FORMER = {
    "show-take": ["show-attempt"],
    "pack": ["bundle", "export"],
    "unpack": ["bundle", "import"],
}
"""Former names of commands, which help does not show; they go with the next release."""


class Contents(click.Group):
    """A group that imports a command when it is called, not before: help stays instant."""

    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read ``--lang`` wherever it was typed."""
        return super().parse_args(ctx, lang_first(args))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name, or its former one."""
        return super().resolve_command(ctx, [*FORMER.get(args[0], args[:1]), *args[1:]])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"practice.commands.{module}"), name)
        lay_out_by_cells(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, gettext(text)) for name, (_place, text) in COMMANDS.items()])


def lang_first(args: list[str]) -> list[str]:
    """Put ``--lang``, which may be typed anywhere, where the whole command reads it."""
    lang: list[str] = []
    others: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            others += [arg, *rest]
        elif arg == "--lang":
            lang = [arg, *islice(rest, 1)]
        elif arg.startswith("--lang="):
            lang = ["--lang", arg.removeprefix("--lang=")]
        else:
            others.append(arg)
    if lang == ["--lang"]:
        return lang  # alone, or it would take the command's name for its value
    return [*lang, *(others or ["--help"])] if lang else others


def contents() -> Contents:
    """Make the group; its words are in the user's language."""

    @click.group(
        "practice",
        cls=Contents,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        help=gettext(
            "Practise the phrases of the service standard, and see which courtesies were missed."
        ),
    )
    @click.option(
        "--lang",
        type=click.Choice(available()),
        expose_value=False,
        help=gettext("Language; may stand after the command, too. [env: PRACTICE_LANG]"),
    )
    @click.version_option(__version__, package_name="practice")
    def cli() -> None:
        """Group the commands."""

    return cli


def main() -> None:
    """Run ``practice``: every expected failure is one line on stderr and an exit code.

    0 done, 1 a mistake of input or environment, 2 wrong usage, 130 Ctrl-C. What is not
    expected keeps its traceback.
    """
    match lang_first(sys.argv[1:]):
        case ["--lang", chosen, *_others]:
            settle(chosen)
        case _others:
            settle()
    os.umask(0o077)  # voices and names: what is made here is its user's own
    for stream in (sys.stdout, sys.stderr):
        # A console without Chinese shows question marks instead of ending the run.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = contents().main(standalone_mode=False)
    except PracticeError as error:
        click.echo(gettext("Error: {message}").format(message=one_line(str(error))), err=True)
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
        click.echo(gettext("Error: an argument has bytes that are no text."), err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EPIPE):
            raise
        # The reader of our output went away (`| head`), which is nothing wrong, or the
        # place that it goes to is full.
        sys.stdout = None
        if error.errno == errno.EPIPE:
            sys.exit(0)
        click.echo(gettext("Error: {message}").format(message=system_reason(error)), err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
