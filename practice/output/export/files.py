"""Export of attempts as CSV, Excel, or JSON, streamed so that their number does not matter."""

from __future__ import annotations

import codecs
import csv
import json
import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO, cast

from practice.errors import ExportError
from practice.i18n import gettext as _
from practice.output.as_json import attempt_to_dict
from practice.output.export.table import COLUMNS, Cell, row_of
from practice.records.attempt import Attempt

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
    whole = _in_memory()
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


def _in_memory() -> BinaryIO:
    """Return a temporary file that is moved to disk when it grows large."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))


def _plain(text: str) -> str:
    """Append a space to text that xlsxwriter would take for its own rich-text markup."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
