"""Information sets by their strings, as they are met."""

from __future__ import annotations

from nashforge.games.compilation.traversal import forgets
from nashforge.games.errors import InconsistentActionsError, UnsupportedGameError
from nashforge.games.loading.openspiel import State
from nashforge.solvers.mccfr.game import SampledGame
from nashforge.solvers.mccfr.rules import SampledRule, matched

Numbers = list[float]

NOWHERE = -1
"""The sequence before a player's first decision."""


class Node:
    """One information set that was visited.

    Attributes
    ----------
    actions : list of int
        OpenSpiel's numbers of its actions.
    names : tuple of str
        OpenSpiel's names of them.
    first : int
        The number of its first sequence among those of its owner, in the order of first visits.
    parent : int
        The owner's sequence before it, or `NOWHERE`.
    regrets, average : list of float
        What is accumulated, by action.
    policy : list of float
        What is played, in proportion to the positive regrets.
    updated : int
        The iteration up to which the regrets are.
    baselines : dict
        By the player whose value is estimated, what the actions are expected to be worth.
    pending : list of float or None
        Regrets that are still being summed in this iteration.
    """

    __slots__ = (
        "actions",
        "average",
        "baselines",
        "first",
        "names",
        "parent",
        "pending",
        "policy",
        "regrets",
        "updated",
    )

    def __init__(self, actions: list[int], names: tuple[str, ...], first: int, parent: int) -> None:
        self.actions, self.names, self.first, self.parent = actions, names, first, parent
        count = len(actions)
        self.regrets: Numbers = [0.0] * count
        self.average: Numbers = [0.0] * count
        self.policy: Numbers = [1.0 / count] * count
        self.updated = 0
        self.baselines: dict[int, Numbers] = {}
        self.pending: Numbers | None = None

    def add(self, rule: SampledRule, regrets: Numbers, t: int) -> None:
        """Take in sampled regrets of an iteration, and play by them from now on."""
        rule.add(self.regrets, regrets, self.updated, t)
        self.updated = t
        self.policy = matched(self.regrets)

    def weigh(self, weight: float) -> None:
        """Let what is played enter the average with a weight."""
        average = self.average
        for a, probability in enumerate(self.policy):
            average[a] += weight * probability


class Table:
    """All information sets that were visited, of all players.

    Parameters
    ----------
    game
        The game.
    """

    def __init__(self, game: SampledGame) -> None:
        self.game = game
        self.nodes: list[dict[str, Node]] = [{} for _ in range(game.players)]
        self._sequences = [0] * game.players
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return sum(map(len, self.nodes))

    def at(self, state: State, player: int, own: list[int]) -> Node:
        """Return the information set of a decision.

        Parameters
        ----------
        own
            The last sequence of each player.

        Raises
        ------
        nashforge.games.ImperfectRecallError, nashforge.games.InconsistentActionsError
            If it was met after other moves of its owner, or with other actions: what is computed would be of
            no game with perfect recall.
        """
        label: str = state.information_state_string()
        actions: list[int] = state.legal_actions()
        node = self.nodes[player].get(label)
        if node is None:
            if not actions:
                raise UnsupportedGameError(
                    f"{self.game.name} has a history ({state.history()}) without legal actions"
                )
            names = tuple(state.action_to_string(player, action) for action in actions)
            node = Node(actions, self._names.setdefault(names, names), self._sequences[player], own[player])
            node.policy = self.first_policy(player, label, node.policy)
            self._sequences[player] += len(actions)
            self.nodes[player][label] = node
            return node
        if node.parent != own[player]:
            raise forgets(self.game.name, self.game.kind, player, label)
        if node.actions != actions:
            raise InconsistentActionsError(
                f"{self.game.name} is ill-formed: the information set {label!r:.120} of player {player} "
                f"offers the actions {node.actions} in one history and {actions} in another; report it to "
                "its authors"
            )
        return node

    def first_policy(self, player: int, label: str, uniform: Numbers) -> Numbers:
        """Return what is played in an information set before anything is learned there."""
        return uniform
