"""The CFR engine: alternating updates over the sequence form, with exact exploitability at checkpoints.

In every iteration each player in turn: counterfactual regrets of the policy in play (one sparse product, one
pass up the treeplex), one message to the rule, which weighs that policy and returns the next, and one pass
down for the average and the next realisation plan. The average is kept here: rules only weigh.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.cfr import host
from nashforge.solvers.cfr.motion import Motion, MotionMeter
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.programs.kind import ProgramKind, Serve
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.trajectory import Checkpoint
from nashforge.solvers.sequence_form.profile import (
    PolicyError,
    Profile,
    average_profile,
    check_policy,
    exploitability,
    plans_exploitability,
    uniform_profile,
)
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]

WARM_TOLERANCE = 1e-6
"""So exactly a rule plays the policies that it was started from."""


def session_arguments(form: SequenceForm, horizon: int) -> list[dict[str, Any]]:
    """Return what sessions need to serve a rule in a game, one a player, which is told of itself alone.

    Each is a dictionary of ``host``, ``setup``, ``inputs``, ``outputs``.
    """
    return [
        {
            "host": "nashforge.solvers.cfr.host",
            "setup": {
                "horizon": horizon,
                "start": treeplex.start.tolist(),
                "parent": treeplex.parent.tolist(),
            },
            "inputs": host.inputs(treeplex.sequences),
            "outputs": host.outputs(treeplex.sequences, len(treeplex.parent)),
        }
        for treeplex in form.treeplexes
    ]


@dataclass(frozen=True)
class CFRCheckpoint(Checkpoint):
    """A measurement of a CFR run.

    Attributes
    ----------
    motion : Motion or None
        Of the iteration, where it is watched.
    """

    motion: Motion | None = field(default=None, kw_only=True)


class Engine:
    """One rule at work in one game, each player's instance behind a session of its own.

    Parameters
    ----------
    form
        The compiled game.
    sessions
        Serve the rule, one a player; made with `session_arguments`.
    watched
        Iterations of which the motion is measured, see `nashforge.solvers.cfr.motion`.
    """

    def __init__(
        self, form: SequenceForm, sessions: Sequence[Session], watched: Collection[int] = ()
    ) -> None:
        if len(sessions) != form.players:
            raise ValueError(f"{form.name} needs {form.players} sessions, one a player; got {len(sessions)}")
        self.form = form
        self.iteration = 0
        self._sessions = sessions
        self._watched = frozenset(watched)
        self._motion: Motion | None = None
        table = self._tables = tables(form)
        self._players = range(form.players)
        self._policies = [policy.copy() for policy in uniform_profile(form)]
        self._averages = [np.zeros_like(policy) for policy in self._policies]
        plans = self._plans = np.empty(table.length)
        self._updates = []
        for p in self._players:
            policy, average, inputs = self._policies[p], self._averages[p], sessions[p].inputs
            table.set_plan(p, policy, plans, inputs["reach"])
            self._updates.append(table.update(p, plans, policy, inputs["regret"], inputs["reach"], average))

    def step(self) -> None:
        """Do one iteration: update every player once, in turn.

        Raises
        ------
        PolicyError
            If the rule returns something that is not a policy, or weights that make no average.
        """
        self.iteration += 1
        meter = MotionMeter() if self.iteration in self._watched else None
        self._motion = None
        for p in self._players:
            session, update = self._sessions[p], self._updates[p]
            if meter is not None:
                before, old = session.inputs["regret"].copy(), self._policies[p].copy()
            update.regrets()
            self._move(p)
            if meter is not None:
                treeplex = self.form.treeplexes[p]
                meter.add(treeplex, before, session.inputs["regret"], old, self._policies[p])
        if meter is not None:
            self._motion = meter.motion()

    def warm_start(self, profile: Profile, iterations: int) -> bool:
        """Bring the rule where it would be if it had found a profile in so many iterations.

        In each of them the rule is told to regret every action in proportion to its probability in the
        profile, so that a rule that plays in proportion to positive regrets plays it. Together they are the
        regrets of uniform play in an information set, times the root of their number, as regrets grow. After
        the idea of Brown & Sandholm, "Strategy-based warm starting for regret minimization in
        games" (AAAI 2016): substitutes for the regrets of a strategy of which only itself is known.

        Parameters
        ----------
        profile
            A behaviour profile of the game, which is not checked.
        iterations
            So many it is worth; the next one is the one after them.

        Returns
        -------
        bool
            Whether the rule plays the profile now, and averages to it where it is reached.

        Raises
        ------
        PolicyError
            As for `step`.
        """
        told = [self._substitutes(p, profile[p]) / iterations**0.5 for p in self._players]
        for t in range(1, iterations + 1):
            self.iteration += 1
            for p in self._players:
                session = self._sessions[p]
                session.inputs["regret"][:] = told[p]
                self._move(p)
                if t == 1:
                    self._averages[p][:] = 0.0  # of uniform play, which comes before
        return all(
            np.allclose(now, given, atol=WARM_TOLERANCE)
            for mine in (self.current, self.policy() if iterations > 1 else profile)
            for now, given in zip(mine, profile, strict=True)
        )

    def _substitutes(self, player: int, policy: Array) -> Array:
        """Return the largest regret of uniform play in each information set, times a policy."""
        self._updates[player].regrets()
        start = self.form.treeplexes[player].start
        if not len(policy):
            return policy
        largest = np.maximum.reduceat(np.abs(self._sessions[player].inputs["regret"]), start[:-1])
        largest[largest == 0] = np.finfo(float).tiny ** 0.5  # where nothing is at stake
        return np.asarray(np.repeat(largest, np.diff(start)) * policy)

    @property
    def averaged(self) -> bool:
        """Whether every player's average holds anything yet; a player who never moves needs none."""
        return all(average.any() for average in self._averages if average.size)

    def policy(self) -> Profile:
        """Return the average profile; uniform where it holds nothing yet."""
        return average_profile(self.form, self._averages)

    @property
    def current(self) -> Profile:
        """The profile in play: what the rule answered last."""
        return tuple(policy.copy() for policy in self._policies)

    def checkpoint(self, seconds: float) -> CFRCheckpoint:
        """Measure the exploitability of the average profile and of the one in play."""
        gap = exploitability(self.form, self.policy())
        last = plans_exploitability(self._tables, self._plans)
        return CFRCheckpoint(self.iteration, gap, seconds, last_iterate=last, motion=self._motion)

    def _move(self, player: int) -> None:
        """Tell a player's rule its regrets, weigh what it played, and have it play what it answers."""
        session = self._sessions[player]
        session.call(self.iteration)
        outputs = session.outputs
        keep, add = outputs["keep"], outputs["add"]
        bad = self._updates[player].move(outputs["policy"], keep, add)
        if bad != -1:
            self._refuse(player, bad, keep, add)

    def _refuse(self, player: int, bad: int, keep: Array, add: Array) -> None:
        if bad < -1:
            i = -2 - bad
            raise PolicyError(
                "weights must be finite and non-negative; those of player "
                f"{player}, information set {i} are keep {keep[i]:g} and add {add[i]:g}"
            )
        check_policy(self.form, player, self._policies[player], bad)


def _caution(form: SequenceForm, name: str, serve: Serve) -> str | None:
    from nashforge.solvers.cfr.properties import scale_caution  # which plays with this engine

    return scale_caution(form, name, serve)


def _last_iterate(form: SequenceForm, sessions: Sequence[Session], iterations: int) -> Engine:
    from nashforge.solvers.cfr.last_iterate import LastIterate  # which is an engine of this kind

    return LastIterate(form, sessions)


CFR = ProgramKind(
    name="cfr",
    package="nashforge.solvers.cfr",
    library=LIBRARY,
    default="dcfr",
    iterations=1000,
    arguments=session_arguments,
    engine=lambda form, sessions, iterations: Engine(form, sessions),
    last=_last_iterate,
    caution=_caution,
)
"""Rules that minimise counterfactual regret."""
