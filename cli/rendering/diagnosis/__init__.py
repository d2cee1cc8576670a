"""Audits and probes as text and JSON."""
