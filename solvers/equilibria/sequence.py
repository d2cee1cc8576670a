"""Nash equilibria and security strategies of extensive games of two players, by linear programs.

A player's best guarantee is a linear program over its realisation plan and the values of the other's
information sets: Koller, Megiddo, von Stengel (1996), Efficient Computation of Equilibria for Extensive
Two-Person Games.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from games.errors import UnsupportedGameError
from games.sequence_form import SequenceForm, Treeplex
from solvers.profile import Profile, average_profile, exploitability
from solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SequenceEquilibrium:
    """A profile of an extensive game.

    Attributes
    ----------
    profile : tuple of ndarrays
        One behaviour policy a player; uniform where a player's own plan never leads.
    values : tuple of floats
        What each player is guaranteed.
    exploitability : float
        Of the profile, in units of utility.
    """

    profile: Profile
    values: tuple[float, ...]
    exploitability: float


def sequence_security(form: SequenceForm, player: int) -> tuple[Array, float]:
    """Return the behaviour policy of a player with the best guaranteed payoff, and that payoff.

    Raises
    ------
    games.UnsupportedGameError
        If the game has not two players.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    if form.players != 2:
        raise UnsupportedGameError(
            f"linear programs solve games of two players; {form.name} has {form.players}, try nashforge solve"
        )
    own, other = form.treeplexes[player], form.treeplexes[1 - player]
    # Columns: the plan of every own sequence and the empty one, then a value for each of the other's
    # information sets and for the start. The other minimises: the value of the information set that a
    # sequence belongs to is at most what the sequence yields.
    payoffs = sparse.coo_array(
        (form.leaf_payoffs[player], (form.leaf_sequences[1 - player], form.leaf_sequences[player])),
        shape=(other.sequences + 1, own.sequences + 1),
    )
    follow, lead = _flow(own), _flow(other)
    scale = max(float(np.abs(form.leaf_payoffs[player]).max()), 1e-300)
    cost = np.zeros(own.sequences + 1 + other.infosets + 1)
    cost[-1] = -1.0
    found = linprog(
        cost,
        A_ub=sparse.hstack([-payoffs / scale, lead.T]).tocsr(),
        b_ub=np.zeros(other.sequences + 1),
        A_eq=sparse.hstack([follow, sparse.csr_array((own.infosets + 1, other.infosets + 1))]).tocsr(),
        b_eq=np.append(np.zeros(own.infosets), 1.0),
        bounds=[(0.0, None)] * (own.sequences + 1) + [(None, None)] * (other.infosets + 1),
        method="highs",
    )
    if found.status != 0:
        raise RiskError(f"the linear program of {form.name} failed: {found.message}")
    solution = np.asarray(found.x)
    weights = [np.zeros(treeplex.sequences) for treeplex in form.treeplexes]
    weights[player] = np.maximum(solution[: own.sequences], 0.0)
    return average_profile(form, weights)[player], float(solution[-1]) * scale


def _flow(treeplex: Treeplex) -> Any:
    """Return the sparse matrix whose rows say that the plans of an information set sum to that of its parent.

    The last row and column are those of the empty sequence.
    """
    from scipy import sparse

    sets = np.arange(treeplex.infosets)
    owner = np.repeat(sets, np.diff(treeplex.start))
    rows = np.concatenate([owner, sets, [treeplex.infosets]])
    columns = np.concatenate([np.arange(treeplex.sequences), treeplex.parent, [treeplex.sequences]])
    entries = np.concatenate([np.ones(treeplex.sequences), -np.ones(treeplex.infosets), [1.0]])
    shape = (treeplex.infosets + 1, treeplex.sequences + 1)
    return sparse.csr_array((entries, (rows, columns)), shape=shape)


def sequence_nash(form: SequenceForm) -> SequenceEquilibrium:
    """Return a Nash equilibrium of a zero-sum game of two players.

    Raises
    ------
    games.UnsupportedGameError
        If the game has not two players or is not zero-sum.
    """
    if not form.zero_sum:
        raise UnsupportedGameError(
            f"{form.name} is not zero-sum: its Nash equilibria are found for one-shot games only"
        )
    return sequence_guarantees(form)


def sequence_guarantees(form: SequenceForm) -> SequenceEquilibrium:
    """Return security strategies of both players, and what they guarantee."""
    solved = [sequence_security(form, player) for player in range(form.players)]
    profile = tuple(policy for policy, _ in solved)
    return SequenceEquilibrium(profile, tuple(value for _, value in solved), exploitability(form, profile))
