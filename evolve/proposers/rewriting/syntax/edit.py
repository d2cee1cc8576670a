"""Edits of a program's source."""

from __future__ import annotations

from dataclasses import dataclass


class NotApplicable(Exception):
    """An edit found nothing to act on in the program, or nothing that would leave it sound."""


@dataclass(frozen=True)
class Edit:
    """A child program and how it came to be.

    Attributes
    ----------
    source : str
        The child's source.
    operator : str
        Name of the operator that made it; several are joined by ``+``.
    description : str
        One plain sentence saying what changed.
    """

    source: str
    operator: str
    description: str
