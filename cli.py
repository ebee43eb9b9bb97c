"""The command ``practice``: the list of its commands, and the exit codes of errors."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from copy import copy
from importlib import import_module
from itertools import islice
from typing import NoReturn

import click

from practice import __version__
from practice.errors import PracticeError, system_reason
from practice.i18n import available, gettext, settle
from practice.i18n import later as _
from practice.output.layout import HelpContext, lay_out_by_cells
from practice.text import one_line

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    _("For trainees"): {
        "run": ("run", _("Practice a scenario: read, speak, and see what you missed.")),
        "drill": ("drill", _("Practice the lines you miss most, chosen by spaced repetition.")),
        "exam": ("exam", _("Take an exam: say each line of a book once, from memory.")),
        "class": ("class_:class_", _("Practice as a class: trainees in turn say each line once.")),
        "list": (
            "scenarios:list_",
            _("List the scenarios by kind, with the trainee's best result."),
        ),
        "show": ("scenarios", _("Show a scenario: situation, script, courtesies.")),
        "listen": ("listen", _("Play the reference recordings and your own latest recordings.")),
        "history": ("attempts", _("List the saved attempts, or show one: practice history ID.")),
        "progress": ("progress", _("Show a trainee's progress.")),
        "show-attempt": (
            "attempts:show_attempt",
            _("Show an attempt's delivery, or plot its waveform and pitch."),
        ),
    },
    _("For trainers"): {
        "review": ("review", _("Review attempts on a web page: listen, correct, pass or redo.")),
        "score": ("score", _("Score recordings of one scenario or of a manifest.")),
        "rescore": ("score", _("Rescore saved attempts with the current rules and model.")),
        "report": ("export", _("Write a trainee's report as an HTML file, with recordings.")),
        "export": ("export", _("Export attempts as CSV, Excel or JSON: all, filtered or by ID.")),
        "bundle": ("bundle", _("Carry attempts and reviews between machines without a network.")),
        "calibrate": ("calibrate", _("Propose thresholds that fit the trainers' corrections.")),
        "account": ("account", _("Manage review page accounts: add, password, remove, list.")),
        "forget": ("removal", _("Remove all data of a trainee: attempts, recordings, account.")),
        "prune": ("removal", _("Remove old attempts.")),
    },
    _("For authors of scenarios"): {
        "new": ("scenarios", _("Create a scenario file, with comments, to make your own.")),
        "check": ("scenarios", _("Check the scenario files and report each error with its line.")),
        "voice": ("voice", _("Manage the customer's voice and the reference recordings.")),
        "try": ("try_:try_", _("Judge a typed sentence: would it pass, what would be missed?")),
        "coverage": ("scenarios", _("Show which scenarios cover which rows of the standard.")),
        "schema": ("scenarios", _("Print the JSON schema of a scenario file, for editors.")),
    },
    _("This machine"): {
        "doctor": ("machine", _("Check Python, audio, microphone, model, disk and terminal.")),
        "devices": ("machine", _("List the microphones.")),
        "model": ("machine", _("Manage Whisper models: list, install, show the path.")),
    },
}
"""The sections of the help: each command's location, and its help text.

A location is a module in practice.commands, with the function if it is not named like the
command. The texts are translated where they are shown: ``--lang`` has not been read yet."""

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


FORMER_NAMES = {
    "show-take": ["show-attempt"],
    "pack": ["bundle", "export"],
    "unpack": ["bundle", "import"],
}
"""Former names of commands, not shown in the help; they will be removed in the next release."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called, not before: help stays fast."""

    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read ``--lang`` wherever it was typed."""
        return super().parse_args(ctx, lang_first(args))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its current or former name."""
        return super().resolve_command(ctx, [*FORMER_NAMES.get(args[0], args[:1]), *args[1:]])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the command names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and translate its help text."""
        if cmd_name not in COMMANDS:
            return None
        place, text = COMMANDS[cmd_name]
        name, _colon, function = place.partition(":")
        module = import_module(f"practice.commands.{name}")
        command: click.Command = getattr(module, function or cmd_name)
        command = copy(command)  # its help text is in the language of this call
        command.help = gettext(text)
        lay_out_by_cells(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        for heading, section in SECTIONS.items():
            with formatter.section(gettext(heading)):
                formatter.write_dl(
                    [(name, gettext(text)) for name, (_place, text) in section.items()]
                )


def lang_first(args: list[str]) -> list[str]:
    """Move ``--lang``, which may be typed anywhere, to where the whole command reads it."""
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
        return lang  # alone, or it would take the command's name as its value
    return [*lang, *(others or ["--help"])] if lang else others


def contents() -> LazyGroup:
    """Create the group with its texts in the user's language."""

    @click.group(
        "practice",
        cls=LazyGroup,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        help=gettext(
            "Practice the phrases of the service standard, and see which courtesies you missed."
        ),
    )
    @click.option(
        "--lang",
        type=click.Choice(available()),
        expose_value=False,
        help=gettext("Language; allowed after the command too. [env: PRACTICE_LANG]"),
    )
    @click.version_option(__version__, package_name="practice")
    def cli() -> None:
        """Group the commands."""

    return cli


def main() -> None:
    """Run ``practice``, and turn every expected failure into a line on stderr and an exit code.

    0 done, 1 wrong input or a failure of the environment, 2 wrong usage, 130 Ctrl-C. An
    unexpected error keeps its traceback.
    """
    match lang_first(sys.argv[1:]):
        case ["--lang", chosen, *_others]:
            settle(chosen)
        case _others:
            settle()
    os.umask(0o077)  # files contain voices and names: only their owner may read them
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show Chinese prints question marks instead of failing.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = contents().main(standalone_mode=False)
    except PracticeError as error:
        _fail(one_line(str(error)))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        sys.exit(130)
    except UnicodeEncodeError as error:
        if "surrogates" not in error.reason:
            raise
        click.echo(gettext("Error: an argument contains bytes that are not valid text."), err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EPIPE):
            raise
        # The reader of our output closed the pipe (`| head`), which is not an error, or the
        # disk that it is written to is full.
        sys.stdout = None
        if error.errno == errno.EPIPE:
            sys.exit(0)
        _fail(system_reason(error))
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    click.echo(gettext("Error: {message}").format(message=message), err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
