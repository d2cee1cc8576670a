"""Connections to PostgreSQL that outlast silence and cuts."""
