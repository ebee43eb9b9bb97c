"""Entry point for Alembic: migrates over the connection that the store provides."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
