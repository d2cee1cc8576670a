"""The arrays of a mean-field game: nodes layer by layer, edges, and rewards as functions of the mass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CHANCE, DECISION, MEAN_FIELD, TERMINAL = range(4)
"""Kinds of nodes. A layer has nodes of one kind."""


@dataclass(frozen=True, eq=False)
class RewardTerms:
    """Rewards of nodes as functions of the mass of nodes in the layer before.

    ``reward[n] = constant[n] + sum_j linear_j m_j + sum_j logarithmic_j log(m_j + floor_j)
    + sum_ij quadratic_ij m_i m_j``, each sum over the entries whose row is ``n``; ``m`` has one more entry
    than there are nodes, which is zero: it stands for states that no policy reaches.

    Attributes
    ----------
    constant : ndarray, shape (nodes,)
    linear, logarithmic, quadratic : tuple of ndarray
        Rows (nodes), the nodes whose mass enters (two arrays of them for ``quadratic``), coefficients, and
        for ``logarithmic`` the floors.
    """

    constant: Floats
    linear: tuple[Integers, Integers, Floats]
    logarithmic: tuple[Integers, Integers, Floats, Floats]
    quadratic: tuple[Integers, Integers, Integers, Floats]

    def scaled(self, factor: float) -> RewardTerms:
        """Return the terms of rewards that are ``factor`` times as large."""
        row, node, slope = self.linear
        log_row, log_node, weight, floor = self.logarithmic
        quad_row, first, second, product = self.quadratic
        return RewardTerms(
            factor * self.constant,
            (row, node, factor * slope),
            (log_row, log_node, factor * weight, floor),
            (quad_row, first, second, factor * product),
        )


@dataclass(frozen=True, eq=False)
class MeanFieldGame:
    """A finite mean-field game of one or more populations, compiled.

    Nodes are those that OpenSpiel's algorithms tell apart, by observation string and population, in the order
    in which its distributions visit them: layer by layer. *States* are the nodes where the representative
    agent decides, in the same order. Masses, values and rewards are arrays over nodes; policies and
    action values over ``(states, actions)``.

    Attributes
    ----------
    name : str
        As it was given.
    populations : int
    kind : ndarray, shape (nodes,)
        `CHANCE`, `DECISION`, `MEAN_FIELD` or `TERMINAL`.
    population : ndarray, shape (nodes,)
    layer : ndarray, shape (nodes,)
        Never decreases.
    start : ndarray, shape (nodes + 1,)
        Edges of node ``n`` are ``start[n]:start[n + 1]``.
    child : ndarray, shape (edges,)
        The node that an edge leads to, in a later layer.
    probability : ndarray, shape (edges,)
        Of chance; 1 elsewhere.
    action : ndarray, shape (edges,)
        Of the agent; -1 elsewhere.
    roots : ndarray, shape (populations,)
        Where each population starts, with a mass of 1.
    terms : RewardTerms
    labels : tuple of str
        OpenSpiel's observation strings of the states.
    actions : int
        The largest number of actions of a state.
    forgets_arrivals : bool
        Whether a reward depends on how its state was reached, such as a cost of the last move, while the
        observation string does not tell. The reward is that of the first way there, depth first; so
        OpenSpiel's algorithms count, too.
    """

    name: str
    populations: int
    kind: Integers
    population: Integers
    layer: Integers
    start: Integers
    child: Integers
    probability: Floats
    action: Integers
    roots: Integers
    terms: RewardTerms
    labels: tuple[str, ...]
    actions: int
    forgets_arrivals: bool = False

    @cached_property
    def nodes_of_states(self) -> Integers:
        """The node of each state, shape ``(states,)``."""
        return np.flatnonzero(self.kind == DECISION)

    @cached_property
    def states(self) -> Integers:
        """The state of each node, shape ``(nodes,)``; -1 where nobody decides."""
        found = np.full(len(self.kind), -1)
        found[self.nodes_of_states] = np.arange(len(self.nodes_of_states))
        return found

    @cached_property
    def legal(self) -> npt.NDArray[np.bool_]:
        """Legal actions of each state, shape ``(states, actions)``."""
        found = np.zeros((len(self.nodes_of_states), self.actions), dtype=bool)
        owner = np.repeat(np.arange(len(self.kind)), np.diff(self.start))
        moves = self.action >= 0
        found[self.states[owner[moves]], self.action[moves]] = True
        return found

    @cached_property
    def times(self) -> Integers:
        """Number of decisions before each state, shape ``(states,)``."""
        _, time = np.unique(self.layer[self.nodes_of_states], return_inverse=True)
        return np.asarray(time, dtype=np.int64)

    @cached_property
    def states_of(self) -> tuple[Integers, ...]:
        """The states of each population."""
        owner = self.population[self.nodes_of_states]
        return tuple(np.flatnonzero(owner == p) for p in range(self.populations))

    @property
    def horizon(self) -> int:
        """Number of decisions of an agent."""
        return int(self.times.max()) + 1

    def scaled(self, factor: float) -> MeanFieldGame:
        """Return the game with all rewards multiplied by a positive number."""
        return replace(self, terms=self.terms.scaled(factor))

    def uniform(self) -> Floats:
        """Return the uniform policy, shape ``(states, actions)``."""
        return np.asarray(self.legal / self.legal.sum(axis=1, keepdims=True))
