"""Alembic's migrations; they are run by :mod:`nashforge.archive.storage.schema`."""
