"""Alembic's entry: runs migrations on the connection that `data.store.database.migrate` hands over."""

from alembic import context

from data.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
