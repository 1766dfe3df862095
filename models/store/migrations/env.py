"""Run by Alembic on the connection that schema.py hands over; there is no offline mode."""

from __future__ import annotations

from alembic import context

from models.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
