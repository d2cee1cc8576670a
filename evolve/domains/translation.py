"""The error of a translation that would have to guess."""

from __future__ import annotations

from nashforge.archive import Program
from nashforge.evolve.domains import domain


class TranslationError(ValueError):
    """A program of an earlier interface cannot be rewritten mechanically."""


def is_outdated(program: Program) -> bool:
    """Whether a stored program is of an earlier interface, so that at best a translation of it runs."""
    try:
        return domain(program.domain).translate(program.source) is not None
    except TranslationError:
        return True
