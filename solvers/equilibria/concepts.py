"""Solution concepts behind one function: any game, a concept with its parameters, and a certificate.

Matrix games of two players have Nash, logit quantal response, risk-averse quantal response and security
strategies; extensive games have Nash (two players and a constant sum, or a small strategic form) and security
strategies; one-shot games of any number of players have Nash, correlated and coarse correlated equilibria;
small games of two players have commitments (Stackelberg).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.errors import USAGE, NashforgeError
from nashforge.games.matrix import human_games
from nashforge.games.matrix.reading import Bimatrix
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.bimatrix import nash, security
from nashforge.solvers.equilibria.extensive.guarantees import sequence_guarantees, sequence_nash
from nashforge.solvers.equilibria.inputs import GameLike, any_game
from nashforge.solvers.equilibria.logit import qre
from nashforge.solvers.equilibria.normal_form.stackelberg import stackelberg
from nashforge.solvers.equilibria.risk_averse.solver import Equilibrium, rqe
from nashforge.solvers.equilibria.solutions import Choice, ConceptSolution, PlayerStrategy
from nashforge.solvers.risk.utility import AGGREGATE
from nashforge.solvers.sequence_form.profile import expected_values

Array = npt.NDArray[np.float64]

CONCEPTS = ("nash", "qre", "rqe", "security", "ce", "cce", "stackelberg")
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "rqe": ("tau", "epsilon", "divergence", "regularizer", "risk"),
    "qre": ("rationality",),
    "ce": ("objective",),
    "cce": ("objective",),
    "stackelberg": ("leader",),
}
"""Parameters of some concepts alone."""

_FITTED = {("kl", "barrier"): "kl", ("reverse_kl", "entropy"): "reverse_kl"}
"""Pairs of divergence and regulariser that were fitted to people, and the attribute that has the fit."""


class ConceptError(NashforgeError, ValueError):
    """A game has no such solution concept, or none that can be computed."""

    exit_code = USAGE


def solve_concept(
    game: GameLike,
    concept: str = "rqe",
    *,
    tau: Sequence[float] | float | None = None,
    epsilon: Sequence[float] | float | None = None,
    divergence: str = "kl",
    regularizer: str | None = None,
    risk: str = AGGREGATE,
    rationality: float = 1.0,
    objective: str = "welfare",
    leader: int = 0,
) -> ConceptSolution:
    """Solve a game of any kind for a concept.

    Parameters
    ----------
    game
        As in `nashforge.solvers.equilibria.nash`.
    concept
        One of `CONCEPTS`.
    tau, epsilon, divergence, regularizer, risk
        Of ``rqe``, see `nashforge.solvers.equilibria.rqe`; one number is that of both players. By default
        ``tau`` and ``epsilon`` are those that were fitted to people who played the game, or else 1 and a
        tenth of the range of a player's payoffs.
    rationality
        Of ``qre``: the logit parameter.
    objective
        Of ``ce`` and ``cce``: which of them, see
        `nashforge.solvers.equilibria.correlated.one_shot.correlated_equilibrium`.
    leader
        Of ``stackelberg``: the player who commits.

    Raises
    ------
    ConceptError
        If there is no such concept, or none of extensive games, or a parameter is that of another one.
    RiskError
        If a parameter is not valid, or a linear program failed.
    nashforge.games.GameError
        If the game is none, or none that can be solved.
    """
    if concept not in CONCEPTS:
        raise ConceptError(f"there is no concept {concept!r}; {choice(concept, CONCEPTS)}")
    given = {
        "tau": tau,
        "epsilon": epsilon,
        "divergence": divergence,
        "regularizer": regularizer,
        "risk": risk,
    }
    _check_owned(concept, {**given, "rationality": rationality, "objective": objective, "leader": leader})
    found = any_game(game)
    if concept in ("ce", "cce"):
        return _correlated(found, concept, objective)
    if concept == "stackelberg":
        return _committed(found, leader)
    if isinstance(found, SequenceForm):
        small = concept == "nash" and (found.players != 2 or found.constant_sum is None)
        return _nash(found) if small else _extensive(found, concept)
    match concept:
        case "nash":
            return _nash(found)
        case "security":
            return _security(found)
        case "qre":
            return _certified(
                found, qre(found, rationality=rationality), concept, {"rationality": rationality}
            )
    regularizer = regularizer or ("barrier" if divergence == "kl" else "entropy")
    fitted_tau, fitted_epsilon = _usual(found, divergence, regularizer)
    parameters: dict[str, Any] = {
        "tau": _of_both(fitted_tau if tau is None else tau),
        "epsilon": _of_both(fitted_epsilon if epsilon is None else epsilon),
        "divergence": divergence,
        "regularizer": regularizer,
        "risk": risk,
    }
    return _certified(found, rqe(found, **parameters), concept, parameters)


equilibrium = solve_concept
"""As it is called from outside: `nashforge.equilibrium`."""


def _check_owned(concept: str, given: Mapping[str, Any]) -> None:
    """Make sure that no parameter of another concept was given, which would change nothing."""
    usual = signature(solve_concept).parameters
    for name, value in given.items():
        owners = [owner for owner, names in PARAMETERS.items() if name in names]
        if concept not in owners and repr(value) != repr(usual[name].default):
            raise ConceptError(
                f"{name} is a parameter of {' and '.join(owners)}, not of {concept}; leave it out"
            )


def _of_both(value: Sequence[float] | float) -> tuple[float, ...]:
    """Return a parameter of both players, of which one may be given for both."""
    return tuple(value) if isinstance(value, Iterable) else (value, value)


def _usual(game: Bimatrix, divergence: str, regularizer: str) -> tuple[Sequence[float], Sequence[float]]:
    """Return tau and epsilon where nobody says them."""
    fit = _FITTED.get((divergence, regularizer))
    for known in human_games() if fit else ():
        if known.name == game.name:
            fitted = getattr(known, str(fit))
            return fitted.tau, fitted.epsilon
    return (1.0, 1.0), [0.1 * (float(np.ptp(payoffs)) or 1.0) for payoffs in game.payoffs]


def _players(
    game: Bimatrix,
    strategies: Sequence[Array],
    values: Sequence[float],
    gaps: Sequence[float | None] = (None, None),
    feared: Sequence[tuple[float, ...] | None] = (None, None),
) -> tuple[PlayerStrategy, ...]:
    names = game.names or game.actions
    return tuple(
        PlayerStrategy(
            i,
            float(values[i]),
            gaps[i],
            feared[i],
            (Choice(None, game.actions[i], names[i], tuple(map(float, strategies[i]))),),
        )
        for i in range(2)
    )


def _utilities(game: Bimatrix, x: Array, y: Array) -> list[float]:
    return [float(x @ payoffs @ y) for payoffs in game.payoffs]


def _lists(profiles: Sequence[Sequence[Array]]) -> list[list[list[float]]]:
    return [[strategy.tolist() for strategy in profile] for profile in profiles]


def _certified(
    game: Bimatrix, found: Equilibrium, concept: str, parameters: Mapping[str, Any]
) -> ConceptSolution:
    feared: Sequence[tuple[float, ...] | None] = (None, None)
    if concept == "rqe":
        # What a player is feared to do: for risk per action the mean over the other's actions.
        expected = [
            adversary if adversary.ndim == 1 else found[i] @ adversary
            for i, adversary in enumerate(found.adversaries)
        ]
        feared = [tuple(map(float, adversary)) for adversary in reversed(expected)]
    certificate = {
        "gap": found.gap,
        "converged": found.converged,
        "principal": found.principal,
        "regime": found.regime,
        "unique": found.unique,
        "message": found.message,
        "others": _lists(found.others),
        "other_gaps": list(found.other_gaps),
    }
    players = _players(game, found.strategies, _utilities(game, found[0], found[1]), found.gaps, feared)
    return ConceptSolution(game.name, concept, found.method, parameters, players, certificate)


def _nash(game: Bimatrix | SequenceForm) -> ConceptSolution:
    found = nash(game)
    certificate = {
        "gap": found.gaps[0],
        "converged": True,
        "complete": found.complete,
        "degenerate": found.degenerate,
        "others": _lists(found.equilibria[1:]),
        "other_gaps": list(found.gaps[1:]),
        "exact": [
            None if exact is None else [[str(p) for p in strategy] for strategy in exact]
            for exact in found.exact
        ],
    }
    if isinstance(game, Bimatrix):
        values = _utilities(game, found[0], found[1])
        players = _players(game, found.equilibria[0], values, found.regrets[0])
    else:
        players = tuple(
            PlayerStrategy(i, float(value), found.regrets[0][i], None, _choices(game, i, found[i]))
            for i, value in enumerate(expected_values(game, found.equilibria[0]))
        )
    return ConceptSolution(game.name, "nash", found.method, {}, players, certificate)


def _security(game: Bimatrix) -> ConceptSolution:
    strategies, values = zip(*(security(game, player=i) for i in range(2)), strict=True)
    players = _players(game, strategies, values)
    return ConceptSolution(game.name, "security", "linear program", {}, players, {"converged": True})


def _committed(game: Bimatrix | SequenceForm, leader: int) -> ConceptSolution:
    found = stackelberg(game, leader=leader)
    gaps = [found.gap if i != leader else None for i in range(2)]
    if isinstance(game, Bimatrix):
        players = _players(game, found.strategies, found.values, gaps)
    else:
        players = tuple(
            PlayerStrategy(i, found.values[i], gaps[i], None, _choices(game, i, found.strategies[i]))
            for i in range(2)
        )
    exact = found.exact
    certificate = {
        "gap": found.gap,
        "bound": found.bound,
        "ties": found.ties,
        "converged": True,
        "exact": [None if exact is None else [[str(p) for p in strategy] for strategy in exact]],
    }
    return ConceptSolution(game.name, "stackelberg", found.method, {"leader": leader}, players, certificate)


def _correlated(game: Bimatrix | SequenceForm, concept: str, objective: str) -> ConceptSolution:
    # Imported here: its optimisers take 40 MB, and other concepts need none of them.
    from nashforge.solvers.equilibria.correlated.one_shot import correlated_equilibrium

    found = correlated_equilibrium(game, concept, objective)  # type: ignore[arg-type]  # which it checks
    if isinstance(game, Bimatrix):
        labels, names = game.actions, game.names or game.actions
    else:
        labels = tuple(tuple(map(str, treeplex.actions)) for treeplex in game.treeplexes)  # type: ignore[assignment]
        names = tuple(  # type: ignore[assignment]
            tuple(map(treeplex.action_name, range(treeplex.sequences))) for treeplex in game.treeplexes
        )
    every = range(found.joint.ndim)
    marginals = [found.joint.sum(axis=tuple(other for other in every if other != i)) for i in every]
    players = tuple(
        PlayerStrategy(
            i,
            float(found.values[i]),
            float(found.gains[i]),
            None,
            (Choice(None, labels[i], names[i], tuple(map(float, marginals[i]))),),
        )
        for i in every
    )
    likely = sorted(np.ndindex(found.joint.shape), key=lambda place: -found.joint[place])
    certificate = {
        "gap": float(found.gains.max()),
        "converged": found.converged,
        "joint": [
            {
                "actions": [labels[i][a] for i, a in enumerate(place)],
                "names": [names[i][a] for i, a in enumerate(place)],
                "probability": float(found.joint[place]),
            }
            for place in likely
            if found.joint[place] > 0
        ],
    }
    method = "linear program" if objective in ("welfare", "fairness") else "convex dual"
    return ConceptSolution(game.name, concept, method, {"objective": objective}, players, certificate)


def _extensive(form: SequenceForm, concept: str) -> ConceptSolution:
    solvers = {"nash": sequence_nash, "security": sequence_guarantees}
    if concept not in solvers:
        raise ConceptError(
            f"{concept} is found for one-shot games of two players; for {form.name} choose the concept "
            "nash or security, or, where it is one-shot, ce or cce"
        )
    found = solvers[concept](form)
    players = tuple(
        PlayerStrategy(i, value, None, None, _choices(form, i, policy))
        for i, (policy, value) in enumerate(zip(found.profile, found.values, strict=True))
    )
    certificate = {"converged": True, "exploitability": found.exploitability}
    return ConceptSolution(form.name, concept, "linear programs", {}, players, certificate)


def _choices(form: SequenceForm, player: int, policy: Array) -> tuple[Choice, ...]:
    treeplex = form.treeplexes[player]
    one_shot = all(each.infosets <= 1 for each in form.treeplexes)
    return tuple(
        Choice(
            None if one_shot else " ".join(label.split()),
            tuple(str(action) for action in treeplex.actions[first:end]),
            tuple(treeplex.action_name(k) for k in range(first, end)),
            tuple(map(float, policy[first:end])),
        )
        for label, first, end in zip(treeplex.labels, treeplex.start, treeplex.start[1:], strict=False)
    )
