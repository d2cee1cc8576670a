"""The queries of the archive, one module for each table or question."""
