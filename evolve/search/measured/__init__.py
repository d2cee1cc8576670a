"""Measurements of candidates: their outcomes, and where they stand against the references."""
