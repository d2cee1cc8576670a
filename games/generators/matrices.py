"""Random matrix games: tables of what two players, or more, earn who move once and at the same time.

Numbers are drawn in the order in which the functions ask for them; bell-shaped ones have mean 0 and variance
1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import NodeLimitError
from nashforge.games.generators.draws import Draws
from nashforge.games.generators.specification import SEED, Generator, Parameter
from nashforge.games.leaves import sums_to
from nashforge.games.sequence_form import SequenceForm, Treeplex

Array = npt.NDArray[np.float64]

MOST_ACTIONS = 5000


class MatrixGame:
    """A game in which every player moves once, and knows nothing of the others' moves.

    Parameters
    ----------
    sizes
        The number of actions of each player.
    payoffs
        Makes the payoffs, of shape ``(players, actions of player 1, of player 2, ...)``.
    names
        Of the actions of each player; None: their numbers.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        payoffs: Callable[[], Array],
        names: Callable[[], tuple[tuple[str, ...], ...]] | None = None,
    ) -> None:
        self.sizes, self._payoffs, self._names = sizes, payoffs, names

    def num_players(self) -> int:
        """Return the number of players."""
        return len(self.sizes)

    def sequence_form(self, name: str, max_nodes: int) -> SequenceForm:
        """Return the game as one in which players move in turn, without seeing each other.

        Raises
        ------
        NodeLimitError
            If it has more than ``max_nodes`` histories.
        """
        nodes = sum(math.prod(self.sizes[:k]) for k in range(len(self.sizes) + 1))
        if nodes > max_nodes:
            raise NodeLimitError(name, max_nodes)
        payoffs = self._payoffs().reshape(len(self.sizes), -1)
        constant = sums_to(payoffs)
        names = self._names() if self._names else tuple(tuple(map(str, range(size))) for size in self.sizes)
        treeplexes = tuple(
            Treeplex(
                start=np.array([0, size], dtype=np.int32),
                parent=np.array([size], dtype=np.int32),
                labels=(f"player {player}",),
                actions=np.arange(size, dtype=np.int32),
                action_names=own,
            )
            for player, (size, own) in enumerate(zip(self.sizes, names, strict=True))
        )
        places = np.stack([axis.ravel() for axis in np.indices(self.sizes, dtype=np.int32)])
        ends = payoffs.shape[1]
        return SequenceForm(
            name, treeplexes, places, payoffs, np.ones(ends), nodes, constant == 0.0, constant
        )


def opposed(payoffs: Array) -> Array:
    """Return the payoffs of player 1 and of player 2, who pays them."""
    return np.stack([payoffs, -payoffs])


def _normal(given: Mapping[str, Any]) -> MatrixGame:
    sizes = (given["actions"],) * given["players"]

    def payoffs() -> Array:
        drawn = Draws("normal_matrix", given["seed"]).bell(given["players"] - given["zero_sum"], *sizes)
        if not given["zero_sum"]:
            return drawn
        paid = np.zeros(sizes)
        for table in drawn:
            paid = paid - table
        return np.concatenate([drawn, paid[None]])

    return MatrixGame(sizes, payoffs)


normal_matrix = Generator(
    name="normal_matrix",
    title="Matrix games with independent bell-shaped payoffs.",
    version=1,
    parameters={
        "players": Parameter(2, "number of players; the last pays the others", 2, 6),
        "actions": Parameter(50, "of every player", 2, MOST_ACTIONS),
        "zero_sum": Parameter(True, "whether payoffs sum to zero"),
        "seed": SEED,
    },
    make=_normal,
)


def _low_rank(given: Mapping[str, Any]) -> MatrixGame:
    n, rank = given["actions"], given["rank"]

    def payoffs() -> Array:
        draws = Draws("low_rank_matrix", given["seed"])
        rows, columns = draws.bell(rank, n), draws.bell(rank, n)
        total = np.zeros((n, n))
        for row, column in zip(rows, columns, strict=True):  # not a matrix product, which rounds as it likes
            total = total + row[:, None] * column[None, :]
        return opposed(total / math.sqrt(rank))

    return MatrixGame((n, n), payoffs)


low_rank_matrix = Generator(
    name="low_rank_matrix",
    title="Zero-sum matrix games with payoffs of low rank: actions differ in a few hidden traits.",
    version=1,
    parameters={
        "actions": Parameter(50, "of both players", 2, MOST_ACTIONS),
        "rank": Parameter(3, "number of traits", 1, 100),
        "seed": SEED,
    },
    make=_low_rank,
)


def _skill(given: Mapping[str, Any]) -> MatrixGame:
    n, cycles = given["actions"], given["cycles"]

    def payoffs() -> Array:
        draws = Draws("game_of_skill", given["seed"])
        skill = given["skill"] * draws.bell(n)
        if cycles == 0:
            drawn = draws.bell(n, n)
            luck = (drawn - drawn.T) / 2
        else:
            luck = np.zeros((n, n))
            for _ in range(cycles):
                x, y = draws.bell(n), draws.bell(n)
                luck = luck + (x[:, None] * y[None, :] - y[:, None] * x[None, :])
            luck = luck / math.sqrt(2 * cycles)
        return opposed(luck + (skill[:, None] - skill[None, :]))

    return MatrixGame((n, n), payoffs)


game_of_skill = Generator(
    name="game_of_skill",
    title="Symmetric zero-sum matrix games: skill, which is transitive, and cycles of what beats what.",
    version=1,
    parameters={
        "actions": Parameter(50, "of both players", 2, MOST_ACTIONS),
        "skill": Parameter(1.0, "standard deviation of skill", 0, 1000),
        "cycles": Parameter(
            0, "number of discs (Balduzzi et al. 2019); 0: all pairs are independent", 0, 100
        ),
        "seed": SEED,
    },
    make=_skill,
    source='Czarnecki et al., "Real world games look like spinning tops", NeurIPS 2020',
)


def _sparse(given: Mapping[str, Any]) -> MatrixGame:
    n, density = given["actions"], given["density"]

    def payoffs() -> Array:
        draws = Draws("sparse_matrix", given["seed"])
        values = draws.bell(n, n)
        return opposed(np.where(draws.uniform(n, n) < density, values, 0.0))

    return MatrixGame((n, n), payoffs)


sparse_matrix = Generator(
    name="sparse_matrix",
    title="Zero-sum matrix games most of whose payoffs are 0.",
    version=1,
    parameters={
        "actions": Parameter(50, "of both players", 2, MOST_ACTIONS),
        "density": Parameter(0.1, "share of payoffs that are not 0", 0.001, 1),
        "seed": SEED,
    },
    make=_sparse,
)
