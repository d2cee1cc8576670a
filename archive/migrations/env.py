"""Alembic's environment: migrates the connection that :func:`upgrade` hands over."""

from alembic import context

from nashforge.archive.storage.models import Base
from nashforge.archive.storage.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite cannot alter columns: tables are rebuilt, inside the one transaction that the caller holds.
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
