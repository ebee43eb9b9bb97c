"""Export of attempts as tables, and of reports, progress, and exam results as pages."""

KINDS = ("csv", "xlsx", "json")
"""Formats for attempts."""
