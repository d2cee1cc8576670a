"""Policies of sampled games: by information-state string, of what was visited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nashforge.games.errors import GameError
from nashforge.games.loading.openspiel import State
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.mccfr.table import Table
from nashforge.solvers.programs.policies import MOST_NAMED, Entry, StatePolicies, UnknownStateError
from nashforge.solvers.sequence_form.profile import check_player, uniform_profile

Numbers = list[float]


class Mixture(NamedTuple):
    """The play of one player in one information set."""

    actions: list[int]
    names: tuple[str, ...]
    probabilities: Numbers


class SampledPolicy:
    """The policies of all players where they are known, and uniform play elsewhere.

    It is asked for a state as the policy of a `Solution` is: ``policy("0pb")``.

    Attributes
    ----------
    name : str
        Of the game.
    mixtures : tuple of dict
        By player, and by information-state string.
    """

    def __init__(self, name: str, mixtures: tuple[dict[str, Mixture], ...]) -> None:
        self.name, self.mixtures = name, mixtures

    def __repr__(self) -> str:
        return f"<policies of {self.name}: {len(self):,} information sets visited>"

    def __len__(self) -> int:
        return sum(map(len, self.mixtures))

    def probabilities(self, state: State, player: int) -> Numbers:
        """Return the probabilities of the legal actions at a decision of a player."""
        mixture = self.mixtures[player].get(state.information_state_string())
        if mixture is not None:
            return mixture.probabilities
        count = len(state.legal_actions())
        return [1.0 / count] * count

    def __call__(self, state: str, player: int | None = None) -> dict[str, float]:
        """Return the probabilities of the actions in a state, by the actions' names.

        Parameters
        ----------
        state
            OpenSpiel's information-state string.
        player
            Whose, where several have a state of that name.

        Raises
        ------
        UnknownStateError
            If no such state was visited, or it is several players'.
        nashforge.solvers.sequence_form.profile.NoPlayerError
            If there is no such player.
        """
        if player is not None:
            check_player(len(self.mixtures), player)
        owners = [k for k, known in enumerate(self.mixtures) if state in known and player in (None, k)]
        if len(owners) > 1:
            raise UnknownStateError(
                f"players {', '.join(map(str, owners))} have a state {state!r} each; say whose with player=0"
            )
        if not owners:
            some = [label for known in self.mixtures for label in known]
            few = f"{len(some)} were, among them {', '.join(map(repr, some[:MOST_NAMED]))}"
            raise UnknownStateError(
                f"no state {state!r} of {self.name} was visited; {choice(str(state), some, few)}"
            )
        found = self.mixtures[owners[0]][state]
        clear = len(set(found.names)) == len(found.names)
        names = (
            found.names if clear else [f"{a} {n}" for a, n in zip(found.actions, found.names, strict=True)]
        )
        return dict(zip(names, found.probabilities, strict=True))

    def entries(self) -> Iterator[Entry]:
        """Yield the probability of each action in each state that was visited."""
        for player, known in enumerate(self.mixtures):
            for label, mixture in known.items():
                for action, name, probability in zip(*mixture, strict=True):
                    yield Entry(player, label, action, name, probability)

    def rows(self) -> list[dict[str, Any]]:
        """Return the policies as a table: a row for each action of each information set of each player."""
        names = ("player", "information_set", "action", "name", "probability")
        return [dict(zip(names, row, strict=True)) for row in self.entries()]

    def table(self) -> dict[str, dict[int, float]]:
        """Return the policies as ``{information state: {action: probability}}``, all players together."""
        found: dict[str, dict[int, float]] = {}
        for _, label, action, _, probability in self.entries():
            found.setdefault(label, {})[action] = probability
        return found

    def on(self, form: SequenceForm) -> StatePolicies:
        """Return the policies as arrays over the sequences of the compiled game.

        Raises
        ------
        nashforge.games.GameError
            If that is another game: it lacks an information set that was visited.
        """
        profile = uniform_profile(form)
        for player, (treeplex, known) in enumerate(zip(form.treeplexes, self.mixtures, strict=True)):
            places = {label: i for i, label in enumerate(treeplex.labels)}
            for label, mixture in known.items():
                i = places.get(label)
                if i is None:
                    raise GameError(f"{form.name} has no information set {label!r:.120}, which was visited")
                own = slice(treeplex.start[i], treeplex.start[i + 1])
                if treeplex.actions[own].tolist() != mixture.actions:
                    raise GameError(
                        f"{form.name} has other actions in {label!r:.120} than were visited there"
                    )
                profile[player][own] = mixture.probabilities
        return StatePolicies(profile, form)


def average_policy(table: Table) -> SampledPolicy:
    """Return the averages of what was played, where something entered them."""
    return _policy(
        table,
        lambda node: None if not any(node.average) else (np.array(node.average) / sum(node.average)).tolist(),
    )


def current_policy(table: Table) -> SampledPolicy:
    """Return what is played now."""
    return _policy(table, lambda node: node.policy)


def _policy(table: Table, played: Any) -> SampledPolicy:
    mixtures = tuple(
        {
            label: Mixture(node.actions, node.names, probabilities)
            for label, node in known.items()
            if (probabilities := played(node)) is not None
        }
        for known in table.nodes
    )
    return SampledPolicy(table.game.name, mixtures)
