"""Exam result as an HTML page to print and sign."""

from __future__ import annotations

from typing import BinaryIO

from practice.output import exam
from practice.output.export.page import write_page
from practice.scoring.exam import ExamResult


def write_certificate(result: ExamResult, sitting: int, out: BinaryIO) -> None:
    """Write the page; ``sitting`` numbers the trainee's attempts at the exam, from 1."""
    write_page(
        "exam.html",
        out,
        result=result,
        heading=exam.heading(result, sitting),
        total=exam.total_text(result),
        figures=exam.figures(result),
        faults=exam.faults(result),
        judged_by=exam.judged_by(result),
        line_text=exam.line_text,
    )
