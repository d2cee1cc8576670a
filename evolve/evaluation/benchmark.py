"""The games of a domain's benchmark: suites of games by family, and under which conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nashforge.evolve.evaluation.messages import Split


@dataclass(frozen=True)
class Condition:
    """The length of a game in iterations, and its units of payoff.

    Attributes
    ----------
    scale : float
        Factor of all payoffs.
    small : bool
        Whether only the smaller half of every suite is played.
    most_leaves : int, optional
        Games with more leaves than this are left out.
    """

    iterations: int
    scale: float = 1.0
    small: bool = False
    most_leaves: int | None = None


@dataclass(frozen=True)
class Benchmark:
    """The games of a domain's benchmark, and how they are played.

    Attributes
    ----------
    suites : dict
        Suite of each split; no family is in two of them.
    conditions : tuple of Condition
        The most telling first: what is interrupted has then measured these.
    quick : tuple of Condition
        For a look, on the smallest game of every family.
    reference : str
        Program of the library that orders of magnitude are relative to.
    floor : float
        What values below it count as, in units of the range of a game's payoffs.
    """

    suites: Mapping[Split, str]
    conditions: tuple[Condition, ...]
    quick: tuple[Condition, ...]
    reference: str
    floor: float
