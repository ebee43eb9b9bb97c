"""Alembic environment with append-only schema migrations."""
