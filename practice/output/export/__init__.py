"""What goes out: tables of attempts, and a trainee's report."""

KINDS = ("csv", "xlsx", "json")
"""The formats that attempts are written in."""
