"""The records of all attempts, in SQLite beside the recordings."""

from practice.store.store import Filter, Store

__all__ = ["Filter", "Store"]
