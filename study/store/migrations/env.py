"""Run migrations on the connection that `study.store.migrations` hands in."""

from alembic import context

from study.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can change a table only by making it anew.
    render_as_batch=True,
    # A killed migration must leave the old schema, not half of the new one.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
