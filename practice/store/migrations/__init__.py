"""Alembic's environment: append-only steps from one schema to the next."""
