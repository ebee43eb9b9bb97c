"""``practice exam``: take an exam: each line of a book once, from memory, and one result."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.commands import context, live, options
from practice.errors import ExportError, PracticeError
from practice.i18n import gettext as _
from practice.i18n import ngettext

if TYPE_CHECKING:
    from rich.console import Console

    from practice.audio.recorder import Microphone
    from practice.records.attempt import Attempt
    from practice.store import Store
    from practice.training.playback import Playback
    from practice.training.session import Session, Step


@click.command(epilog=_("Without BOOK, list the books."))
@click.argument("book_id", required=False, metavar="[BOOK]")
@options.recorded
@click.option("--show", metavar="SESSION", help=_("Show the result of an earlier exam."))
@click.option(
    "--out",
    type=options.FILE,
    metavar="FILE",
    help=_("Also write the result as a printable page (HTML)."),
)
@options.microphone
@options.no_playback
@options.as_json
@options.practice_options
def exam(
    book_id: str | None,
    files: tuple[Path, ...],
    show: str | None,
    out: Path | None,
    mic: options.MicrophoneOptions,
    no_playback: bool,
    as_json: bool,
    given: options.PracticeOptions,
) -> None:
    """List the books, show a result, or hold an exam."""
    if show is not None and (book_id or files):
        raise click.UsageError(_("Give a BOOK, or --show SESSION, not both."))
    if book_id is None and (files or (out and show is None)):
        raise click.UsageError(_("No exam book was given. Run `practice exam` to list them."))
    if out is not None and out.exists():
        raise ExportError(
            _("{path} already exists. Choose another name with --out.").format(path=out)
        )
    if out is not None and not out.resolve().parent.is_dir():
        raise ExportError(
            _(
                "The folder {folder} does not exist. Create it, or choose another with --out."
            ).format(folder=out.resolve().parent)
        )
    if show is not None:
        _show(show, out, given.records, as_json=as_json)
    elif book_id is None:
        _list(given.prompts_dir, as_json=as_json)
    else:
        _hold(book_id, files, out, mic, given, no_playback=no_playback, as_json=as_json)


def _list(folder: Path, *, as_json: bool) -> None:
    from practice import scenarios as prompts
    from practice.output.layout import say

    books = []
    for book_id in prompts.book_ids(folder):
        try:
            books.append(prompts.load_book(folder, book_id))
        except PracticeError as error:
            context.report_error(error)
    for book in books:
        n = len(book.items)
        if as_json:
            context.emit_json(
                {"id": book.id, "title": book.title, "lines": n, "pass_mark": book.pass_mark}
            )
            continue
        text = ngettext(
            "{id}  {title}: {n} line, pass mark {mark:.0f}",
            "{id}  {title}: {n} lines, pass mark {mark:.0f}",
            n,
        ).format(id=book.id, title=book.title, n=n, mark=book.pass_mark)
        say(context.console(), text, indent=2)
    if not as_json:
        hint = (
            _("To take one: practice exam BOOK --trainee NAME")
            if books
            else _("There are no exam books in {folder}.")
        )
        click.echo(hint.format(folder=folder))


def _show(session: str, out: Path | None, records: options.Records, *, as_json: bool) -> None:
    if not session:
        raise click.UsageError(_("The ID is empty."))
    store = context.existing_store(records, quiet=as_json)
    _output(None if as_json else context.console(), store, session, out, as_json=as_json)


def _hold(
    book_id: str,
    files: tuple[Path, ...],
    out: Path | None,
    mic: options.MicrophoneOptions,
    given: options.PracticeOptions,
    *,
    no_playback: bool,
    as_json: bool,
) -> None:
    from practice import scenarios as prompts
    from practice.audio import clip as audio
    from practice.output.layout import say
    from practice.scoring.exam import setting_of
    from practice.training.batch import score_file

    book = prompts.load_book(given.prompts_dir, book_id)
    steps = live.steps_of_lines(book.items, setting_of(book))
    if len(files) > len(steps):
        raise PracticeError(
            _(
                "There are more recordings ({files}) than lines ({n}) in {book}. Give one "
                "recording for each line."
            ).format(files=len(files), n=len(steps), book=book.id)
        )
    for path in files:  # before anything is stored, or unreadable ones would count as not said
        audio.read(path)
    microphone = None if files else live.open_microphone(mic, or_files=True)
    console = live.console(as_json=as_json, at_microphone=not files)
    # At the microphone the result is printed too, on stderr if stdout belongs to a program.
    shown = None if as_json and files else console
    given = replace(given, trainee=_examinee(given.trainee))
    with context.open_session(given, load_ahead=microphone is not None) as session:
        if microphone is None:
            pairs = list(zip(steps, files, strict=False))
            with context.progress(pairs, len(pairs)) as bar:
                attempts = [score_file(session, step, path, 1) for step, path in bar]
        else:
            title = _("Exam: {title}").format(title=book.title)
            say(console, f"{title}  {session.id[:8]}", "bold")
            voices = (
                None
                if no_playback
                else context.playback(console, given.prompts_dir, session.folder)
            )
            attempts = _hold_at_microphone(console, session, steps, microphone, voices)
        if attempts:
            _output(shown, session.store, session.id, out, as_json=as_json)
        else:
            say(console, _("Nothing was said, so this exam was not saved."))


def _examinee(name: str | None) -> str:
    """Return the examinee's name, asked for if not given; a remembered name is not used."""
    if name is not None:
        return name
    if not context.is_interactive():
        raise click.UsageError(_("No trainee was given. Name the trainee with --trainee."))
    return context.ask_name(_("Trainee's name"))


def _hold_at_microphone(
    console: Console,
    session: Session,
    steps: list[Step],
    microphone: Microphone,
    voices: Playback | None,
) -> list[Attempt]:
    from practice.output.layout import say
    from practice.output.stage import ExamStage
    from practice.training.session import practice_steps

    with closing(ExamStage(console, voices=voices)) as stage:
        live.print_session(console, session, microphone)
        say(
            console,
            _(
                "Say each line once, from memory. Esc starts the line again; lines that "
                "you skip, or have not said when you quit, count as not said."
            ),
        )
        return practice_steps(session, steps, microphone, stage, retries=False)


def _output(
    console: Console | None, store: Store, session: str, out: Path | None, *, as_json: bool
) -> None:
    """Print the result from the records, and write it to ``out`` if given."""
    from practice.files import write_output
    from practice.output.exam import exam_to_dict, print_exam
    from practice.output.export.report import write_certificate
    from practice.output.layout import say
    from practice.scoring.exam import result_of
    from practice.store.history import PracticeHistory
    from practice.text import one_line

    practised = PracticeHistory(store.database)
    result = result_of(practised.exam(session))
    sitting = practised.sitting(result.trainee, result.book, result.session)
    if as_json:
        context.emit_json(exam_to_dict(result, sitting))
    if console is not None:
        print_exam(console, result, sitting)
        again = _("To show it again: practice exam --show {session}")
        say(console, again.format(session=result.session[:8]), "dim")
    if out is not None:
        with write_output(out) as file:
            write_certificate(result, sitting, file)
        click.echo(one_line(_("Written to {path}").format(path=out)), err=as_json)
