"""Small Markov games: a cliff walk beside somebody who may push, a job that serves both, and random ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError
from nashforge.games.markov.model import MarkovGame

Array = npt.NDArray[np.float64]

MOVES = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
"""Up, down, left, right: changes of (row, column)."""


def cliff_walk(
    width: int = 4, height: int = 3, *, slip: float = 0.1, push: float = 0.4, fall: float = -10.0
) -> MarkovGame:
    """Return a walk along a cliff beside somebody who may push.

    Player 1 walks from the lower left to the lower right corner; the cells between are the cliff, which
    ends the walk with the reward ``fall``; the goal pays 10, and every step costs 1. Player 2 stands by (0)
    or pushes (1): a walker who is pushed moves down instead with probability ``push``. Pushing costs
    player 2 a little (0.1), and it earns nothing by it: a rational walker expects no push and goes along the
    cliff, one who is averse to player 2's risk takes the long way. Steps slip to a random side with
    probability ``slip``. Goal and cliff are one absorbing state.
    """
    cells = [(row, column) for row in range(height) for column in range(width)]
    bottom = height - 1
    alive = [cell for cell in cells if cell[0] < bottom or cell[1] == 0]
    index = {cell: k for k, cell in enumerate(alive)}
    end = len(alive)
    rewards, transitions = np.zeros((2, end + 1, 4, 2)), np.zeros((end + 1, 4, 2, end + 1))
    transitions[end, :, :, end] = 1.0
    for cell, s in index.items():
        for a in range(4):
            for b in range(2):
                outcomes = _slipping(a, slip)
                if b == 1:
                    outcomes *= 1.0 - push
                    outcomes[1] += push
                rewards[0, s, a, b], rewards[1, s, a, b] = -1.0, -0.1 * b
                for move, probability in enumerate(outcomes):
                    row = int(np.clip(cell[0] + MOVES[move][0], 0, bottom))
                    column = int(np.clip(cell[1] + MOVES[move][1], 0, width - 1))
                    if (row, column) in index:
                        transitions[s, a, b, index[row, column]] += probability
                    else:
                        transitions[s, a, b, end] += probability
                        rewards[0, s, a, b] += probability * (10.0 if column == width - 1 else fall)
    initial = np.zeros(end + 1)
    initial[index[bottom, 0]] = 1.0
    labels = tuple(f"({row},{column})" for row, column in alive)
    return MarkovGame(f"cliff_walk({width}x{height})", rewards, transitions, initial, (*labels, "end"))


def _slipping(action: int, slip: float) -> Array:
    outcomes = np.zeros(4)
    outcomes[action] = 1.0 - slip
    outcomes[[2, 3] if action < 2 else [0, 1]] += slip / 2
    return outcomes


def contribution_line(length: int = 3, *, cost: float = 0.4, reward: float = 1.0) -> MarkovGame:
    """Return a cooperative grid: two players on a line of cells, a job at its end that serves both.

    Each stays (0) or steps towards the job (1); steps cost ``cost`` each, privately. As soon as one of them
    is there, both earn ``reward`` and both are back at the start. Who waits for the other rides free. States
    are the pairs of distances.
    """
    pairs = [(i, j) for i in range(1, length + 1) for j in range(1, length + 1)]
    index = {pair: k for k, pair in enumerate(pairs)}
    rewards = np.zeros((2, len(pairs), 2, 2))
    transitions = np.zeros((len(pairs), 2, 2, len(pairs)))
    for (i, j), s in index.items():
        for a in range(2):
            for b in range(2):
                there, done = (i - a, j - b), i - a == 0 or j - b == 0
                rewards[0, s, a, b] = done * reward - cost * a
                rewards[1, s, a, b] = done * reward - cost * b
                transitions[s, a, b, index[length, length] if done else index[there]] = 1.0
    initial = np.zeros(len(pairs))
    initial[index[length, length]] = 1.0
    labels = tuple(f"({i},{j})" for i, j in pairs)
    return MarkovGame(f"contribution_line({length})", rewards, transitions, initial, labels)


def random_markov(
    states: int, n: int, m: int, rng: np.random.Generator, *, successors: int = 3
) -> MarkovGame:
    """Return a random general-sum Markov game: standard normal rewards, a few successors each.

    Every state and pair of actions leads to ``successors`` states (or all, if there are fewer) with
    probabilities uniform on the simplex: a game on a GARNET, Archibald, McKinnon, Thomas (1995), On the
    Generation of Markov Decision Processes.

    Raises
    ------
    nashforge.games.GameStringError
        If a number is not positive.
    """
    if min(states, n, m, successors) < 1:
        raise GameStringError(
            f"a random Markov game needs at least one state and action; got {states} states, {n} and {m} "
            f"actions, {successors} successors"
        )
    rewards = rng.normal(size=(2, states, n, m))
    transitions = np.zeros((states, n, m, states))
    count = min(successors, states)
    for place in np.ndindex(states, n, m):
        there = rng.choice(states, size=count, replace=False)
        transitions[place][there] = rng.dirichlet(np.ones(count))
    labels = tuple(map(str, range(states)))
    return MarkovGame(
        f"random_markov({states},{n}x{m})", rewards, transitions, np.full(states, 1.0 / states), labels
    )
