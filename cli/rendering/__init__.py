"""Rendering of answers: tables, text, JSON, figures, live panels, the report."""
