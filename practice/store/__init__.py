"""Records of all attempts, in SQLite in the recordings folder or in PostgreSQL."""

from practice.store.store import Filter, ReviewConflictError, Store

__all__ = ["Filter", "ReviewConflictError", "Store"]
