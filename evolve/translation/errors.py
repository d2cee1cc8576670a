"""What a translation raises where it would have to guess."""

from __future__ import annotations


class TranslationError(ValueError):
    """A program of an earlier interface cannot be rewritten mechanically."""
