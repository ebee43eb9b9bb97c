"""Attempts as CSV, Excel, or JSON, streamed so that their number does not matter."""

from __future__ import annotations

import codecs
import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from practice.errors import ExportError
from practice.i18n import gettext as _
from practice.output.as_json import attempt_to_dict
from practice.output.review import comment_text, decision_text, observation_text, postures
from practice.output.wording import missed_text, reason_text, result_name, unsure_text
from practice.records.attempt import Attempt
from practice.records.score import Score
from practice.scoring.review import final_score

Cell = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        heading: Heading in the user's language.
        width: Width in Latin letters.
        read: Function from an attempt, the machine's score, and the final score to the cell.
        is_share: The cell is a fraction, to be shown as a percentage.
    """

    heading: str
    width: int
    read: Callable[[Attempt, Score, Score], Cell]
    is_share: bool = False


COLUMNS: tuple[Column, ...] = (
    Column(_("id"), 12, lambda a, _m, _f: a.take.id),
    Column(_("when"), 17, lambda a, _m, _f: _local(a.take.created_at)),
    Column(_("group"), 14, lambda a, _m, _f: a.take.trainee.group),
    Column(_("trainee"), 14, lambda a, _m, _f: a.take.trainee.name),
    Column(_("scenario"), 14, lambda a, _m, _f: a.take.scenario),
    Column(_("title"), 18, lambda a, _m, _f: a.take.title),
    Column(_("line"), 7, lambda a, _m, _f: a.take.line),
    Column(_("attempt"), 7, lambda a, _m, _f: a.take.take),
    Column(_("script"), 36, lambda a, _m, _f: a.take.spec.script),
    Column(_("transcript"), 36, lambda a, _m, _f: _transcript(a)),
    Column(_("accuracy"), 10, lambda _a, m, _f: _rounded(m.counts.accuracy, 3), is_share=True),
    Column(_("machine: result"), 16, lambda _a, m, _f: result_name(m)),
    Column(_("machine: score"), 16, lambda _a, m, _f: _rounded(m.total, 1)),
    Column(_("machine: missed"), 22, lambda _a, m, _f: missed_text(m)),
    Column(_("machine: unsure"), 22, lambda _a, m, _f: unsure_text(m)),
    Column(
        _("why not scored"),
        22,
        lambda a, m, _f: reason_text(a.assessment.check, m.reason) if m.reason else None,
    ),
    Column(_("banned phrases"), 18, lambda _a, m, _f: _banned(m)),
    Column(_("result"), 16, lambda _a, _m, f: result_name(f)),
    Column(_("score"), 10, lambda _a, _m, f: _rounded(f.total, 1)),
    Column(_("missed"), 22, lambda _a, _m, f: missed_text(f)),
    Column(_("unsure"), 22, lambda _a, _m, f: unsure_text(f)),
    Column(_("reviewed by"), 14, lambda a, _m, _f: a.judgement.reviewer if a.judgement else None),
    Column(
        _("decision"), 22, lambda a, _m, _f: decision_text(a.judgement) if a.judgement else None
    ),
    Column(_("comments"), 36, lambda a, _m, _f: _comments(a)),
    Column(_("posture"), 22, lambda a, _m, _f: _observations(a)),
    Column(_("recording"), 16, lambda a, _m, _f: a.take.audio),
    Column(_("model"), 10, lambda a, _m, _f: _model(a)),
    Column(_("scorer"), 8, lambda a, _m, _f: a.assessment.scorer),
)
"""Columns from left to right. The machine's assessment is kept next to the final result."""


def row_of(attempt: Attempt) -> list[Cell]:
    """Return the cells of an attempt, in the order of ``COLUMNS``."""
    machine, final = attempt.assessment.score, final_score(attempt)
    cells = [column.read(attempt, machine, final) for column in COLUMNS]
    return [_printable(cell) if isinstance(cell, str) else cell for cell in cells]


# Characters that are invalid in XML or are terminal control codes.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def _local(created_at: str) -> datetime:
    # Spreadsheets have no time zones, so cells have local time.
    return datetime.fromisoformat(created_at).astimezone().replace(tzinfo=None)


def _transcript(attempt: Attempt) -> str | None:
    transcript = attempt.assessment.transcript
    return transcript.text if transcript else None


def _model(attempt: Attempt) -> str | None:
    model = attempt.assessment.model
    return model.name if model else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _banned(score: Score) -> str:
    return _(", ").join(hit.phrase if hit.sure else f"{hit.phrase}?" for hit in score.banned)


def _comments(attempt: Attempt) -> str | None:
    review = attempt.review
    return "\n".join(map(comment_text, review.comments)) if review else None


def _observations(attempt: Attempt) -> str | None:
    if attempt.review is None:
        return None
    found = postures(attempt.review)
    return "\n".join(
        line for heading, seen in found for line in (heading, *map(observation_text, seen))
    )


# ---- files -----------------------------------------------------------------

EXCEL_ROWS = 1_048_576
"""Maximum number of rows in an Excel sheet, including the heading."""

_IN_MEMORY_BYTES = 8_000_000


def write(kind: str, attempts: Iterable[Attempt], out: BinaryIO) -> int:
    """Write attempts to a file.

    Args:
        kind: One of ``KINDS``. JSON has one object per line.
        attempts: Attempts, in the order of the rows.
        out: File to write to.

    Returns:
        The number of attempts written.

    Raises:
        ExportError: There are more attempts than an Excel sheet holds.
    """
    return {"csv": _write_csv, "xlsx": _write_xlsx, "json": _write_json}[kind](attempts, out)


def _write_json(attempts: Iterable[Attempt], out: BinaryIO) -> int:
    n = 0
    for attempt in attempts:
        out.write(json.dumps(attempt_to_dict(attempt), ensure_ascii=False).encode() + b"\n")
        n += 1
    return n


# ---- CSV -------------------------------------------------------------------


def _write_csv(attempts: Iterable[Attempt], out: BinaryIO) -> int:
    # Without the byte order mark, Excel assumes the system's encoding.
    rows = csv.writer(codecs.getwriter("utf-8-sig")(out))
    rows.writerow([column.heading for column in COLUMNS])
    n = 0
    for attempt in attempts:
        rows.writerow([_csv_cell(cell) for cell in row_of(attempt)])
        n += 1
    return n


def _csv_cell(cell: Cell) -> str | int | float | None:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return f"'{cell}" if isinstance(cell, str) and _may_be_formula(cell) else cell


def _may_be_formula(text: str) -> bool:
    """Return True if a spreadsheet could run a text as a formula, even with full-width signs."""
    return text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(tuple("=+-@＝＋－＠"))


# ---- Excel -----------------------------------------------------------------


def _write_xlsx(attempts: Iterable[Attempt], out: BinaryIO) -> int:
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    # Build the archive in memory instead of in ``out``: if writing to ``out`` fails, the archive
    # would fail a second time when it is garbage-collected, and Python would print that error.
    whole = in_memory()
    # xlsxwriter does not delete its temporary files if iterating over the attempts fails.
    with tempfile.TemporaryDirectory(prefix="practice-", ignore_cleanup_errors=True) as folder:
        book = xlsxwriter.Workbook(
            whole,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "use_zip64": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        heading = book.add_format({"bold": True, "bottom": 1})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        plain = book.add_format({"valign": "top"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"})
        share = book.add_format({"num_format": "0%", "valign": "top"})
        sheet = book.add_worksheet(_("attempts"))
        sheet.freeze_panes(1, 0)
        for x, column in enumerate(COLUMNS):
            sheet.set_column(x, x, column.width)
            sheet.write_string(0, x, column.heading, heading)
        n = 0
        for n, attempt in enumerate(attempts, 1):
            if n == EXCEL_ROWS:
                raise ExportError(
                    _("Excel holds at most {n} attempts. Select fewer, or export CSV.").format(
                        n=EXCEL_ROWS - 1
                    )
                )
            for x, cell in enumerate(row_of(attempt)):
                if isinstance(cell, datetime):
                    sheet.write_datetime(n, x, cell, moment)
                elif isinstance(cell, str):
                    sheet.write_string(n, x, _plain(cell), text)
                elif cell is not None:
                    sheet.write_number(n, x, cell, share if COLUMNS[x].is_share else plain)
        sheet.autofilter(0, 0, n, len(COLUMNS) - 1)
        try:
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError inside
    whole.seek(0)
    shutil.copyfileobj(whole, out)
    return n


def in_memory() -> BinaryIO:
    """Return a temporary file that is moved to disk when it grows large."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))


def _plain(text: str) -> str:
    """Append a space to text that xlsxwriter would take for its own rich-text markup."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
