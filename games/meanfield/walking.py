"""OpenSpiel's mean-field games, walked node by node as its algorithms see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyspiel

from nashforge.games.errors import NodeLimitError, UnsupportedGameError
from nashforge.games.meanfield.model import CHANCE, DECISION, MEAN_FIELD, TERMINAL

Floats = npt.NDArray[np.float64]

KINDS = {
    pyspiel.StateType.CHANCE: CHANCE,
    pyspiel.StateType.DECISION: DECISION,
    pyspiel.StateType.MEAN_FIELD: MEAN_FIELD,
    pyspiel.StateType.TERMINAL: TERMINAL,
}
OBSERVER = pyspiel.PlayerId.DEFAULT_PLAYER_ID

MOST_COMPARED = 300
"""So many second arrivals at nodes are compared with the first; games written in Python take milliseconds."""


@dataclass(eq=False)
class Node:
    """A node: one observation string of one population.

    Attributes
    ----------
    state : pyspiel.State
        The first that was found with it, depth first.
    reward : float
        Of its population in that state; for a chance node 0, as nobody counts it.
    edges : list of (Node, float, int)
        Children with the probability of chance (else 1) and the action of the agent (else -1).
    support : tuple of str
        Of a mean-field node: the observation strings whose mass decides rewards.
    before : Node or None
        The mean-field node that it follows at once.
    """

    label: str
    population: int
    kind: int
    state: Any
    reward: float
    edges: list[tuple[Node, float, int]] = field(default_factory=list)
    support: tuple[str, ...] = ()
    before: Node | None = None


class Walk:
    """All nodes of a game, found depth first, with a mass of its own for every support.

    Parameters
    ----------
    game : pyspiel.Game
    name
        How errors call it.
    rng
        Draws the masses: what a walk with others finds must be the same but for rewards.
    most
        Number of nodes at which it is given up.
    """

    def __init__(self, game: Any, name: str, rng: np.random.Generator, most: int) -> None:
        self.name, self.game = name, game
        self.nodes: dict[tuple[int, str], Node] = {}
        self.masses: dict[tuple[str, ...], Floats] = {}
        self.forgets_arrivals = False
        self._rng, self._most, self._compared = rng, most, 0
        self.roots = [self._found(state, None)[0] for state in game.new_initial_states()]
        for root in self.roots:
            self._visit(root)

    def layers(self) -> list[list[Node]]:
        """Return the nodes layer by layer, each in the order of its first appearance.

        Raises
        ------
        UnsupportedGameError
            If a layer mixes kinds of nodes, or a node stands in two layers.
        """
        found, layer, seen = [], self.roots, set[int]()
        while layer:
            if len({node.kind for node in layer}) > 1 or seen & {id(node) for node in layer}:
                raise UnsupportedGameError(
                    f"{self.name} does not move all agents in step, as a mean-field game here must; choose "
                    "another game"
                )
            seen |= {id(node) for node in layer}
            found.append(layer)
            layer = list({id(node): node for parent in layer for node, _, _ in parent.edges}.values())
        return found

    def after(self, node: Node, mass: Floats | None = None) -> Any:
        """Return the state that follows a mean-field node when the mass over its support is known."""
        if mass is None:
            mass = self._mass(node.support)
        state = node.state.clone()
        state.update_distribution(mass.tolist())
        return state

    def _mass(self, support: tuple[str, ...]) -> Floats:
        if support not in self.masses:
            drawn = self._rng.dirichlet(np.ones(len(support)))
            self.masses[support] = drawn * self.game.num_players()
        return self.masses[support]

    def _found(self, state: Any, before: Node | None) -> tuple[Node, bool]:
        """Return the node of a state, and whether it is new."""
        population = int(state.mean_field_population())
        label = state.observation_string(OBSERVER)
        known = self.nodes.get((population, label))
        if known is not None:
            return known, False
        if len(self.nodes) >= self._most:
            raise NodeLimitError(self.name, self._most)
        kind = KINDS[state.get_type()]
        node = Node(label, population, kind, state, reward_of(state), before=before)
        if kind == MEAN_FIELD:
            node.support = tuple(state.distribution_support())
        self.nodes[population, label] = node
        return node, True

    def _visit(self, root: Node) -> None:
        stack = [(root, self._children(root))]
        while stack:
            node, children = stack[-1]
            for state, probability, action in children:
                child, new = self._found(state, node if node.kind == MEAN_FIELD else None)
                node.edges.append((child, probability, action))
                if new:
                    stack.append((child, self._children(child)))
                    break
                if not self.forgets_arrivals and self._compared < MOST_COMPARED:
                    self._compared += 1
                    self.forgets_arrivals = self._differs(state, child.state)
            else:
                stack.pop()

    def _children(self, node: Node) -> Iterator[tuple[Any, float, int]]:
        state = node.state
        if node.kind == CHANCE:
            yield from ((state.child(outcome), float(p), -1) for outcome, p in state.chance_outcomes())
        elif node.kind == DECISION:
            yield from ((state.child(action), 1.0, int(action)) for action in state.legal_actions())
        elif node.kind == MEAN_FIELD:
            yield self.after(node), 1.0, -1

    def _differs(self, state: Any, first: Any) -> bool:
        """Whether the next reward after a state is another than after the first state of the same node."""
        while KINDS[state.get_type()] not in (DECISION, TERMINAL):
            if KINDS[state.get_type()] == CHANCE:
                outcome = state.chance_outcomes()[0][0]
                state, first = state.child(outcome), first.child(outcome)
            else:
                mass = self._mass(tuple(state.distribution_support())).tolist()
                state, first = state.clone(), first.clone()
                state.update_distribution(mass)
                first.update_distribution(mass)
        return reward_of(state) != reward_of(first)


def reward_of(state: Any) -> float:
    """Return the reward of a state's population there, which OpenSpiel's algorithms count.

    They leave out those of chance nodes.
    """
    if state.get_type() == pyspiel.StateType.CHANCE:
        return 0.0
    return float(state.rewards()[state.mean_field_population()])
