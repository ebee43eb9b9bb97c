"""What trainers write: scenarios, exam books and rules, checked so that mistakes name a line.

A folder has one scenario in each YAML file, whose name is the scenario's id; exam books
are in ``books/``, and what holds for all scenarios is in ``rules/``. The page for authors
is docs/author.md.
"""

from practice.scenarios.books import book_ids
from practice.scenarios.folder import check, load, load_all, load_book, load_headings, scenario_ids
from practice.scenarios.heading import Heading
from practice.scenarios.problems import Problem
from practice.scenarios.rules import (
    THRESHOLDS_FILE,
    load_banned,
    load_consent,
    load_standard,
    load_thresholds,
    write_thresholds,
)

__all__ = [
    "THRESHOLDS_FILE",
    "Heading",
    "Problem",
    "book_ids",
    "check",
    "load",
    "load_all",
    "load_banned",
    "load_book",
    "load_consent",
    "load_headings",
    "load_standard",
    "load_thresholds",
    "scenario_ids",
    "write_thresholds",
]
