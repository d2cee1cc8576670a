"""Nash equilibria and security strategies of extensive games of two players, by linear programs.

A player's best guarantee is a linear program over its realisation plan and the values of the other's
information sets: Koller, Megiddo, von Stengel (1996), Efficient Computation of Equilibria for Extensive
Two-Person Games.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.sequence_form import SequenceForm, Treeplex
from nashforge.solvers.equilibria.extensive.exact import EXACT_ENTRIES, entries, exact_guarantee
from nashforge.solvers.equilibria.several import TOLERANCE
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import Profile, average_profile, realization_plans
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]

CERTAIN = 1e-6
"""Share of its value that is at stake for a player even if the outcome is certain: above its rounding."""


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
        outcome from its value, under the best response where that is largest, in units of utility (and a
        millionth of the value, for where the outcome is certain).
    """

    profile: Profile
    values: tuple[float, ...]
    exploitability: float
    regrets: tuple[float, ...]
    stakes: tuple[float, ...]


def sequence_security(form: SequenceForm, player: int, tolerance: float = TOLERANCE) -> tuple[Array, float]:
    """Return the behaviour policy of a player with the best guaranteed payoff, and that payoff.

    Small programs are solved in exact arithmetic, larger ones by HiGHS. What is returned as guaranteed is
    checked: a policy of the other player shows that there is no better.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the game has not two players.
    RiskError
        If the linear program ended farther from its optimum than ``tolerance`` times what is at stake.
    """
    if form.players != 2:
        raise UnsupportedGameError(
            f"linear programs solve games of two players; {form.name} has {form.players}, try nashforge solve"
        )
    if entries(form, player) <= EXACT_ENTRIES:
        exact = exact_guarantee(form, player)
        policy, opposing, value = exact.policy, exact.opposing, float(exact.value)
    else:
        policy, opposing, value = _by_program(form, player)
    # The player against one who wishes its worst; gaps of payoffs far from the value would lose their digits.
    own = form.leaf_payoffs[player] - value * form.leaf_chance
    against = replace(form, leaf_payoffs=np.stack([own, -own][:: 1 - 2 * player]), zero_sum=True)
    profile = (policy, opposing)[:: 1 - 2 * player]
    plans, shared = realization_plans(against, profile), tables(against)
    guaranteed = -shared.best_response(1 - player, plans)
    gap = max(shared.best_response(player, plans) - guaranteed, 0.0)
    stake = max(stakes_in(against, profile, (value, value)))
    if max(gap, abs(guaranteed)) > tolerance * stake:
        raise _too_far(form, max(gap, abs(guaranteed)), stake)
    return policy, value


def _by_program(form: SequenceForm, player: int) -> tuple[Array, Array, float]:
    """Return a player's policy, the other's against it, and what the first guarantees, by HiGHS."""
    from scipy import sparse
    from scipy.optimize import linprog

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
    weights = [
        np.maximum(np.asarray(found.x)[: own.sequences], 0.0),
        np.maximum(-found.ineqlin.marginals[:-1], 0.0),
    ]
    policies = average_profile(form, weights[:: 1 - 2 * player])
    # Not the program's own objective, which knows payoffs only as shares of the largest.
    plans, worst = realization_plans(form, policies), replace(form, leaf_payoffs=np.stack([-outcomes] * 2))
    value = middle - tables(worst).best_response(1 - player, plans)
    return policies[player], policies[1 - player], value


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


def levelled(form: SequenceForm, values: Sequence[float]) -> SequenceForm:
    """Return a game with a constant taken off each player's payoffs, which changes no decision.

    What is subtracted at a leaf is multiplied by its probability of chance, as the payoffs are.
    """
    return replace(form, leaf_payoffs=form.leaf_payoffs - np.array(values)[:, None] * form.leaf_chance)


def stakes_in(level: SequenceForm, profile: Profile, values: Sequence[float]) -> tuple[float, ...]:
    """Return what is at stake for each player, see `SequenceEquilibrium`.

    Parameters
    ----------
    level
        The game with each player's value taken off.
    profile
        One behaviour policy a player.
    values
        What was taken off.
    """
    far = replace(level, leaf_payoffs=np.abs(level.leaf_payoffs), zero_sum=False, constant_sum=None)
    plans, found = realization_plans(level, profile), []
    for player, (treeplex, value) in enumerate(zip(level.treeplexes, values, strict=True)):
        best, distance = (np.empty(treeplex.sequences + 1) for _ in range(2))
        tables(level).product(player, plans, best)
        tables(far).product(player, plans, distance)
        for i in range(treeplex.infosets - 1, -1, -1):
            actions = slice(treeplex.start[i], treeplex.start[i + 1])
            top, parent = best[actions].max(), treeplex.parent[i]
            # What a bad action may cost is not at stake: nobody takes it.
            near = best[actions] >= top - TOLERANCE * distance[actions]
            best[parent] += top
            distance[parent] += distance[actions][near].max()
        found.append(float(distance[-1]) + CERTAIN * abs(value))
    return tuple(found)


def _too_far(form: SequenceForm, gap: float, stake: float) -> RiskError:
    return RiskError(
        f"the linear programs of {form.name} ended {gap:.2g} from their optimum, in units of utility, where "
        f"{stake:.2g} is at stake; bring its payoffs closer together"
    )


def sequence_nash(form: SequenceForm, tolerance: float = TOLERANCE) -> SequenceEquilibrium:
    """Return a Nash equilibrium of a game of two players whose payoffs sum to a constant.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the game has not two players or no constant sum.
    RiskError
        If the linear programs ended farther from an equilibrium than ``tolerance`` times what is at stake.
    """
    if form.players == 2 and form.constant_sum is None:
        raise UnsupportedGameError(
            f"the payoffs of {form.name} do not sum to a constant: Nash equilibria of such games are found "
            "for one-shot games only"
        )
    found = sequence_guarantees(form, tolerance)
    for regret, stake in zip(found.regrets, found.stakes, strict=True):
        if regret > tolerance * stake:
            raise _too_far(form, regret, stake)
    return found


def sequence_guarantees(form: SequenceForm, tolerance: float = TOLERANCE) -> SequenceEquilibrium:
    """Return security strategies of both players, and what they guarantee.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the game has not two players.
    RiskError
        If a linear program ended farther from its optimum than ``tolerance`` times what is at stake.
    """
    solved = [sequence_security(form, player, tolerance) for player in range(form.players)]
    profile, values = tuple(policy for policy, _ in solved), tuple(value for _, value in solved)
    level = levelled(form, values)  # gaps of payoffs far from zero would lose their digits
    plans, shared = realization_plans(level, profile), tables(level)
    gains = [max(shared.gain(player, plans), 0.0) for player in range(form.players)]
    return SequenceEquilibrium(
        profile=profile,
        values=values,
        exploitability=sum(gains) / form.players,
        regrets=tuple(gains),
        stakes=stakes_in(level, profile, values),
    )
