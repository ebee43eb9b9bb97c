"""The records of all attempts, in SQLite beside the recordings or in PostgreSQL."""

from practice.store.store import Filter, ReviewConflictError, Store

__all__ = ["Filter", "ReviewConflictError", "Store"]
