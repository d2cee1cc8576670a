"""Solutions of games under a concept: strategies, and what is certain about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nashforge.solvers.programs.html import table


@dataclass(frozen=True)
class Choice:
    """A mixed action at one information set.

    Attributes
    ----------
    information_set : str or None
        Its label; None in one-shot games.
    actions, names : tuple of str
        Labels of the actions (in extensive games OpenSpiel's numbers), and their names.
    probabilities : tuple of float
    """

    information_set: str | None
    actions: tuple[str, ...]
    names: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class PlayerStrategy:
    """The strategy of one player, numbered from 0.

    Attributes
    ----------
    value : float or None
        Expected utility; of security strategies and extensive games what is guaranteed.
    gap : float or None
        Upper bound on what a best response gains, in units of utility; None where it is not told by player.
    feared : tuple of float or None
        What the other player fears of this one: probabilities of its actions.
    strategy : tuple of Choice
    """

    player: int
    value: float | None
    gap: float | None
    feared: tuple[float, ...] | None
    strategy: tuple[Choice, ...]


@dataclass(frozen=True)
class ConceptSolution:
    """A solution of one game under one concept.

    Attributes
    ----------
    game, concept : str
    method : str
        How it was found.
    parameters : dict
        Of the concept, defaults included.
    players : tuple of PlayerStrategy
    certificate : dict
        What is certain about it: gaps, uniqueness, other equilibria, as far as the concept has them.
    """

    game: str
    concept: str
    method: str
    parameters: Mapping[str, Any]
    players: tuple[PlayerStrategy, ...]
    certificate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def extensive(self) -> bool:
        """Whether there are information sets."""
        return any(one.information_set is not None for player in self.players for one in player.strategy)

    def _repr_html_(self) -> str:
        rows: list[tuple[Any, ...]] = [
            (each.player, each.value, one.information_set, name, probability)
            for each in self.players
            for one in each.strategy
            for name, probability in zip(one.names, one.probabilities, strict=True)
        ]
        head: tuple[str, ...] = ("player", "value", "information set", "action", "probability")
        if not self.extensive:
            head, rows = (*head[:2], *head[3:]), [(*row[:2], *row[3:]) for row in rows]
        gap = self.certificate.get("gap", self.certificate.get("exploitability"))
        below = [
            f"by {self.method}",
            "" if gap is None else f"gap {gap:.2g}",
            self.certificate.get("message"),
        ]
        return table(f"{self.concept} of {self.game}", head, rows, "; ".join(filter(None, below)))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data, see docs/json.md."""
        return {
            "game": self.game,
            "concept": self.concept,
            "method": self.method,
            "parameters": dict(self.parameters),
            "players": [asdict(player) for player in self.players],
            **self.certificate,
        }
