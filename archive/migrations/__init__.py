"""Alembic's migrations; they are run by :mod:`archive.schema`."""
