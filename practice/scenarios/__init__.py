"""Scenarios, exam books and rules: load trainers' files and report each mistake by line.

Each YAML file of a folder is one scenario, and the file's name is the scenario's id. Exam
books are in ``books/``; rules for all scenarios are in ``rules/``. docs/author.md describes
the files for authors.
"""

from practice.scenarios.books import book_ids
from practice.scenarios.folder import check, load, load_all, load_book, scenario_ids
from practice.scenarios.rules import (
    THRESHOLDS_FILE,
    load_banned,
    load_consent,
    load_standard,
    load_thresholds,
    load_words,
    write_thresholds,
)
from practice.scenarios.yaml_file import Problem

__all__ = [
    "THRESHOLDS_FILE",
    "Problem",
    "book_ids",
    "check",
    "load",
    "load_all",
    "load_banned",
    "load_book",
    "load_consent",
    "load_standard",
    "load_thresholds",
    "load_words",
    "scenario_ids",
    "write_thresholds",
]
