"""The PSRO engine over the sequence form: populations are matrices of realisation plans.

In every iteration: one message to the meta-solver, whose strategies mix the populations' plans (mixing plans
is mixing policies by their reach); one exact best response a player to the others' mixtures; and the payoffs
of the new policies against all others. All players respond to the same strategies.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.trajectory import Checkpoint
from nashforge.solvers.psro import host, kernels
from nashforge.solvers.psro.meta_solvers import LIBRARY
from nashforge.solvers.psro.restricted.disguise import Order, RestrictedDisguise
from nashforge.solvers.psro.restricted.factored_payoffs import FactoredPayoffs
from nashforge.solvers.psro.restricted.tensors import Tensors
from nashforge.solvers.sequence_form.profile import PolicyError, Profile, uniform_profile
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]

TIE_TOLERANCE = 1e-11
"""Actions are equally good if their values differ by less, relative to the terms that these are sums of."""

MOST_TENSOR_BYTES = 1 << 30


@dataclass(frozen=True)
class PSROCheckpoint(Checkpoint):
    """A measurement of a run after some iterations; ``seconds`` includes all but the measuring.

    Attributes
    ----------
    solver_seconds : float
        Wall time spent in the meta-solver so far, training and evaluating.
    policies : int
        Policies in each population.
    distinct : float
        Mean over players of the number of policies that differ from all before them.
    train_entropy, evaluate_entropy : float
        Mean over players of the entropy of the strategies, over that of the uniform one; in [0, 1].
    """

    solver_seconds: float
    policies: int
    distinct: float
    train_entropy: float
    evaluate_entropy: float


def _plan_form(form: SequenceForm, capacity: int) -> tuple[int, int]:
    """Return classes and leaves to make room for if factors are cheaper than tensors, else zeros."""
    if form.players == 2:
        return 0, 0
    factors = FactoredPayoffs(form, capacity)
    entries = capacity**form.players
    cost = form.leaves * (form.players - 1) + form.players * factors.classes * capacity
    if entries > cost or 16 * form.players * entries > MOST_TENSOR_BYTES:
        return factors.classes, factors.leaves
    return 0, 0


def session_arguments(form: SequenceForm, horizon: int) -> list[dict[str, Any]]:
    """Return what the one session needs to serve a meta-solver: ``host``, ``setup``, ``inputs``, ``outputs``.

    A meta-solver mixes for all players, so that there is one session.
    """
    capacity = horizon + 1
    classes, leaves = _plan_form(form, capacity)
    return [
        {
            "host": "nashforge.solvers.psro.host",
            "setup": {
                "players": form.players,
                "horizon": horizon,
                "capacity": capacity,
                "factored": bool(classes),
            },
            "inputs": host.inputs(form.players, capacity, classes, leaves),
            "outputs": host.outputs(form.players, capacity),
        }
    ]


class Engine:
    """One meta-solver at work in one game.

    Parameters
    ----------
    form
        The compiled game.
    sessions
        The one that serves the solver; made with `session_arguments`.
    horizon
        Number of iterations, as given there.
    disguise
        How the restricted game is disguised; None: not at all.

    Attributes
    ----------
    iteration : int
        Iterations done.
    policies : int
        Policies in each population.
    plans : list of ndarray
        Realisation plans, shape ``(horizon + 1, sequences + 1)`` a player; the first ``policies`` rows count.
    train, evaluated : ndarray of shape (players, policies)
        The latest strategies.
    solver_seconds : float
        Wall time spent in the solver.
    """

    averaged = True

    def __init__(
        self,
        form: SequenceForm,
        sessions: Sequence[Session],
        horizon: int,
        disguise: RestrictedDisguise | None = None,
    ) -> None:
        self.form = form
        self.iteration = 0
        self.policies = 0
        self.solver_seconds = self._evaluating = 0.0
        [self._session] = sessions
        self._tables = tables(form)
        self._capacity = horizon + 1
        self._players = range(form.players)
        self.plans = [np.zeros((self._capacity, size + 1)) for size in self._tables.sizes]
        self._distinct: list[set[bytes]] = [set() for _ in self._players]
        inputs, [arguments] = self._session.inputs, session_arguments(form, horizon)
        if {name: shape for name, shape, _ in arguments["inputs"]} != {
            name: array.shape for name, array in inputs.items()
        }:
            raise ValueError(
                f"the session was not made by session_arguments() for {form.name} and {horizon} iterations; "
                "make one that is"
            )
        restricted = Tensors if "tensors" in inputs else FactoredPayoffs
        self._restricted: Tensors | FactoredPayoffs = restricted(form, self._capacity)
        self._flat = np.empty(self._tables.length)
        self._value, self._size = ([np.empty(n + 1) for n in self._tables.sizes] for _ in range(2))
        self._disguise = disguise or RestrictedDisguise(form.players)
        self._orders: list[Order] = []
        for p, policy in enumerate(uniform_profile(form)):
            self._tables.set_plan(p, policy, self._flat, np.empty(len(policy)))
        self._add()

    def step(self) -> None:
        """Do one iteration: ask for strategies, add a best response of every player.

        Raises
        ------
        PolicyError
            If the solver returns something that is not a mixture.
        """
        self.iteration += 1
        self.train = self._ask(host.TRAIN, self.iteration)
        mixed = self._mixed(self.train)
        for p in self._players:
            self.respond(p, mixed)
        self._add()

    def respond(self, player: int, plans: Array) -> float:
        """Set the player's part of the new policies to a best response, ties split; return its value.

        Parameters
        ----------
        plans
            The players' plans in one flat vector; the others' are responded to.
        """
        value, size, table = self._value[player], self._size[player], self._tables.players[player]
        self._tables.sized_product(player, plans, value, size)
        policy = np.empty(len(value) - 1)
        best = kernels.tied_response_pass(table.start, table.parent, value, size, policy, TIE_TOLERANCE)
        self._tables.set_plan(player, policy, self._flat, np.empty(len(policy)))
        return float(best)

    def measure(self) -> float:
        """Ask for the strategies to evaluate and return the exploitability of the mixture.

        Raises
        ------
        PolicyError
            If the solver returns something that is not a mixture.
        """
        before = self.solver_seconds
        self.evaluated = self._ask(host.EVALUATE, self.iteration)
        self._evaluating += self.solver_seconds - before
        mixed = self._mixed(self.evaluated)
        gain = sum(self._tables.gain(p, mixed) for p in self._players)
        return max(gain / self.form.players, 0.0)

    def checkpoint(self, seconds: float) -> PSROCheckpoint:
        """Measure the mixture to evaluate; the solver's time for it counts as the run's."""
        value = self.measure()
        return PSROCheckpoint(
            iteration=self.iteration,
            gap=value,
            seconds=seconds + self._evaluating,
            solver_seconds=self.solver_seconds,
            policies=self.policies,
            distinct=float(np.mean([len(seen) for seen in self._distinct])),
            train_entropy=_entropy(self.train),
            evaluate_entropy=_entropy(self.evaluated),
        )

    def policy(self) -> Profile:
        """Return the behaviour policies of the mixture that was evaluated last: plans mixed, not actions."""
        mixed = self._mixed(self.evaluated)
        profile = []
        for p, treeplex in enumerate(self.form.treeplexes):
            plan = mixed[self._tables.segments[p]]
            parents = np.repeat(plan[treeplex.parent], np.diff(treeplex.start))
            policy = uniform_profile(self.form)[p]
            np.divide(plan[:-1], parents, out=policy, where=parents > 0)
            profile.append(policy)
        return tuple(profile)

    def _add(self) -> None:
        """Add the new policies to the populations, and show the grown game to the solver."""
        k = self.policies
        for p, segment in enumerate(self._tables.segments):
            self.plans[p][k] = self._flat[segment]
            self._distinct[p].add(np.round(self.plans[p][k], 12).tobytes())
        self.policies = count = k + 1
        self._orders = self._disguise.orders(count)
        populations = [plans[:count] for plans in self.plans]
        self._restricted.write(populations, self._disguise, self._orders, self._session.inputs)

    def _ask(self, kind: int, t: int) -> Array:
        """Return the strategies that the solver wants, policies in their true order."""
        name = ("train", "evaluate")[kind]
        began = time.perf_counter()
        self._session.call(kind, t, self.policies, expect=[name])
        self.solver_seconds += time.perf_counter() - began
        given = self._session.outputs[name][:, : self.policies]
        strategies = np.empty(given.shape)
        for p in self._players:
            total = float(given[p].sum())
            if given[p].min() < 0 or not 0 < total < np.inf:
                worst = float(given[p].min())
                raise PolicyError(
                    f"{name}() must return non-negative weights with a positive sum for every player; player "
                    f"{p} in iteration {t} has minimum {worst:.6g} and sum {total:.6g}"
                )
            strategies[p, self._orders[p]] = given[p] / total
        return strategies

    def _mixed(self, strategies: Array) -> Array:
        flat = np.empty(self._tables.length)
        for p, segment in enumerate(self._tables.segments):
            kernels.mix(strategies[p], self.plans[p][: self.policies], flat[segment])
        return flat


def _entropy(strategies: Array) -> float:
    """Return the mean over rows of the entropy, over that of the uniform mixture."""
    if strategies.shape[1] == 1:
        return 1.0
    logs = np.log(strategies, out=np.zeros_like(strategies), where=strategies > 0)
    return float(-(strategies * logs).sum(axis=1).mean() / np.log(strategies.shape[1]))


PSRO = ProgramKind(
    name="psro",
    package="nashforge.solvers.psro",
    library=LIBRARY,
    default="projection_matching",
    iterations=100,
    arguments=session_arguments,
    engine=Engine,
)
"""Meta-solvers of policy-space response oracles."""
