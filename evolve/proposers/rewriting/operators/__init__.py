"""Edits without a meaning of their own: constants, terms, statements."""
