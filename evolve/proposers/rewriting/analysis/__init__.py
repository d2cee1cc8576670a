"""Abstract interpretation of programs: shapes, bounds, and what could go wrong."""
