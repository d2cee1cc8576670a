"""Nash equilibria and security strategies of extensive games of two players, by linear programs.

A player's best guarantee is a linear program over its realisation plan and the values of the other's
information sets: Koller, Megiddo, von Stengel (1996), Efficient Computation of Equilibria for Extensive
Two-Person Games.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.sequence_form import SequenceForm, Treeplex
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import Profile, average_profile, realization_plans
from nashforge.solvers.sequence_form.tables import tables

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
    regrets, stakes : tuple of floats
        What each player's best response gains, and what is at stake for it: the expected distance of the
        outcome from the middle of its payoffs, in units of utility.
    """

    profile: Profile
    values: tuple[float, ...]
    exploitability: float
    regrets: tuple[float, ...]
    stakes: tuple[float, ...]


def sequence_security(form: SequenceForm, player: int) -> tuple[Array, float]:
    """Return the behaviour policy of a player with the best guaranteed payoff, and that payoff.

    Raises
    ------
    nashforge.games.UnsupportedGameError
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
    middle = _middle(form, player)
    outcomes = form.leaf_payoffs[player] - middle * form.leaf_chance
    scale = max(float(np.abs(outcomes / form.leaf_chance).max()), 1e-300)
    payoffs = sparse.coo_array(
        (outcomes / scale, (form.leaf_sequences[1 - player], form.leaf_sequences[player])),
        shape=(other.sequences + 1, own.sequences + 1),
    )
    follow, lead = _flow(own), _flow(other)
    cost = np.zeros(own.sequences + 1 + other.infosets + 1)
    cost[-1] = -1.0
    found = linprog(
        cost,
        A_ub=sparse.hstack([-payoffs, lead.T]).tocsr(),
        b_ub=np.zeros(other.sequences + 1),
        A_eq=sparse.hstack([follow, sparse.csr_array((own.infosets + 1, other.infosets + 1))]).tocsr(),
        b_eq=np.append(np.zeros(own.infosets), 1.0),
        bounds=[(0.0, None)] * (own.sequences + 1) + [(None, None)] * (other.infosets + 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise RiskError(f"the linear program of {form.name} failed: {found.message}")
    solution = np.asarray(found.x)
    weights = [np.zeros(treeplex.sequences) for treeplex in form.treeplexes]
    weights[player] = np.maximum(solution[: own.sequences], 0.0)
    return average_profile(form, weights)[player], float(solution[-1]) * scale + middle


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


def _middle(form: SequenceForm, player: int) -> float:
    """Return the median of a player's payoffs at the leaves, in units of utility."""
    return float(np.median(form.leaf_payoffs[player] / form.leaf_chance))


def _levelled(form: SequenceForm) -> SequenceForm:
    """Return a game with the median of each player's payoffs taken off: a constant changes no decision.

    What is subtracted at a leaf is multiplied by its probability of chance, as the payoffs are.
    """
    middles = np.array([_middle(form, player) for player in range(form.players)])
    return replace(form, leaf_payoffs=form.leaf_payoffs - middles[:, None] * form.leaf_chance)


def constant_sum(form: SequenceForm) -> bool:
    """Whether the payoffs of all players sum to the same at every leaf, but for rounding."""
    sums = form.leaf_payoffs.sum(axis=0) / form.leaf_chance
    middle = float(np.median(sums))
    size = np.abs(form.leaf_payoffs / form.leaf_chance).max(axis=0)
    return bool((np.abs(sums - middle) <= 1e-9 * np.maximum(size, abs(middle))).all())


def sequence_nash(form: SequenceForm, tolerance: float = 1e-9) -> SequenceEquilibrium:
    """Return a Nash equilibrium of a game of two players whose payoffs sum to a constant.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the game has not two players or no constant sum.
    RiskError
        If the linear programs ended farther from an equilibrium than ``tolerance`` times what is at stake.
    """
    if form.players == 2 and not constant_sum(form):
        raise UnsupportedGameError(
            f"the payoffs of {form.name} do not sum to a constant: Nash equilibria of such games are found "
            "for one-shot games only"
        )
    found = sequence_guarantees(form)
    for regret, stake in zip(found.regrets, found.stakes, strict=True):
        if regret > tolerance * stake:
            raise RiskError(
                f"the linear programs of {form.name} ended {regret:.2g} from an equilibrium, in units of "
                f"utility, where {stake:.2g} is at stake; bring its payoffs closer together"
            )
    return found


def sequence_guarantees(form: SequenceForm) -> SequenceEquilibrium:
    """Return security strategies of both players, and what they guarantee."""
    solved = [sequence_security(form, player) for player in range(form.players)]
    profile = tuple(policy for policy, _ in solved)
    level = _levelled(form)  # gaps of payoffs far from zero would lose their digits
    plans, reach, shared = realization_plans(level, profile), np.ones(form.leaves), tables(level)
    for player in range(form.players):
        reach *= plans[shared.segments[player]][form.leaf_sequences[player]]
    gains = [max(shared.gain(player, plans), 0.0) for player in range(form.players)]
    return SequenceEquilibrium(
        profile=profile,
        values=tuple(value for _, value in solved),
        exploitability=sum(gains) / form.players,
        regrets=tuple(gains),
        stakes=tuple(float(stake) for stake in np.abs(level.leaf_payoffs) @ reach),
    )
