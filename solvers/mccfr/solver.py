"""MCCFR that is driven by hand: iteration by iteration, in games of any size.

>>> import nashforge as nf
>>> solver = nf.MCCFR("kuhn_poker", seed=1)
>>> solver.step(2000).exploitability < 0.1
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from nashforge import games
from nashforge.games.errors import GameError
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.mccfr.chance import ChanceSampling
from nashforge.solvers.mccfr.draws import Stream
from nashforge.solvers.mccfr.external import ExternalSampling
from nashforge.solvers.mccfr.game import PLAY_ERRORS, sampled_game
from nashforge.solvers.mccfr.local import RESAMPLED
from nashforge.solvers.mccfr.outcome import EXPLORATION, OutcomeSampling
from nashforge.solvers.mccfr.played import Played, play
from nashforge.solvers.mccfr.policy import SampledPolicy, average_policy, current_policy
from nashforge.solvers.mccfr.rules import sampled_rule
from nashforge.solvers.mccfr.sampler import Sampler
from nashforge.solvers.mccfr.table import Table
from nashforge.solvers.programs.arguments import ArgumentError, count
from nashforge.solvers.programs.policies import StatePolicies
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.programs.trajectory import Checkpoint, Trajectory, Watch, run
from nashforge.solvers.sequence_form.profile import expected_values, exploitability

SCHEMES: dict[str, type[Sampler]] = {
    "external": ExternalSampling,
    "outcome": OutcomeSampling,
    "chance": ChanceSampling,
}
"""The sampling schemes by their names."""
MEASURED_NODES = 1_000_000
"""Games of at most so many histories are compiled to be measured, which takes some seconds."""
RESPONSES = ("local", "learned")
DEFAULT_RULE = "lcfr"
"""Later policies, which were learned from more samples, count for more."""


@dataclass(frozen=True)
class SampledCheckpoint(Checkpoint):
    """A measurement of a run of MCCFR; its gap is NaN where the game is not compiled.

    Attributes
    ----------
    visited : int
        Histories that were visited so far.
    infosets : int
        Information sets that were visited so far.
    """

    visited: int = field(default=0, kw_only=True)
    infosets: int = field(default=0, kw_only=True)


class MCCFR:
    """Monte Carlo CFR at work in a game that is not compiled: tabular, by information-state string.

    With two players and a constant sum the average policies approach an equilibrium. Otherwise what is known
    is that no player regrets its own policy for long: the joint average of what was played approaches a
    coarse correlated equilibrium, and the players' averages, taken one by one, need not be close to one of
    Nash.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or path of a game file in extensive form.
    rule
        Name of a CFR rule of the library, path of a Python file with one, or a class; it is trusted.
        `nashforge.solvers.mccfr.rules` says which can be sampled. Default: ``lcfr``.
    sampling
        ``external``: all actions of the player in turn and one of everybody else's; ``outcome``: one history;
        ``chance``: all actions of players, one of chance's.
    seed
        Of all that is drawn: the same seed gives the same numbers, to the last bit.
    exploration
        Of outcome sampling: with this probability the player in turn moves uniformly.
    baseline
        Of outcome sampling: whether baselines reduce the variance.
    horizon
        So many iterations the rule is told to expect; more can be made.
    max_nodes
        Exploitability is exact in games of at most so many histories, which are compiled for it; see
        `nashforge.games.compile`.

    Attributes
    ----------
    game : str
        Name of the game.
    program : str
        Name of the rule.
    sampling : str
    iteration : int
        Iterations made, in each of which every player learns once.
    curve : list of SampledCheckpoint
        What was measured so far.

    Raises
    ------
    nashforge.games.GameError
        If there is no such game, or its histories cannot be played by information-state strings.
    nashforge.solvers.programs.library.NotInLibraryError
        If there is no such rule.
    nashforge.solvers.programs.arguments.ArgumentError
        If the rule has no sampled form, or another argument is none that it can work with.

    Examples
    --------
    >>> import nashforge as nf
    >>> solver = nf.MCCFR("leduc_poker", "lcfr", sampling="outcome", seed=3)
    >>> solver.step(50).iteration
    50
    """

    def __init__(
        self,
        game: Any,
        rule: str | Path | type | None = None,
        *,
        sampling: str = "external",
        seed: int = 0,
        exploration: float | None = None,
        baseline: bool | None = None,
        horizon: int = 10_000,
        max_nodes: int = MEASURED_NODES,
    ) -> None:
        if sampling not in SCHEMES:
            raise ArgumentError(f"there is no sampling scheme {sampling!r}; {choice(str(sampling), SCHEMES)}")
        more: dict[str, Any] = {}
        if sampling == "outcome":
            more = {
                "exploration": _exploration(EXPLORATION if exploration is None else exploration),
                "baseline": True if baseline is None else bool(baseline),
            }
        elif exploration is not None or baseline is not None:
            given = "exploration" if exploration is not None else "baseline"
            raise ArgumentError(
                f"{given} is for outcome sampling; {sampling} sampling draws by what is played"
            )
        self.seed, self.horizon = count("seed", seed, least=0), count("horizon", horizon)
        self.sampling, self._max_nodes = sampling, count("max_nodes", max_nodes)
        learned = sampled_rule(DEFAULT_RULE if rule is None else rule, self.horizon)
        self.program = learned.name
        self._game = sampled_game(game, self.seed)
        self.game = self._game.name
        self.players = self._game.players
        self._table = Table(self._game)
        draws = Stream(np.random.default_rng(self.seed))
        self._sampler = SCHEMES[sampling](self._game, self._table, learned, draws, **more)
        self.iteration = 0
        self.curve: list[SampledCheckpoint] = []
        self._watch = Watch()

    def __repr__(self) -> str:
        return (
            f"<{self.program} by {self.sampling} sampling in {self.game} after {self.iteration:,} "
            f"iterations: {self.infosets:,} information sets visited>"
        )

    @property
    def visited(self) -> int:
        """Histories that were visited so far, each time counted."""
        return self._sampler.nodes

    @property
    def infosets(self) -> int:
        """Information sets that were visited so far."""
        return len(self._table)

    @property
    def average_policy(self) -> SampledPolicy:
        """The average of what was played, which is MCCFR's answer; uniform where nothing was averaged."""
        return average_policy(self._table)

    @property
    def policy(self) -> SampledPolicy:
        """The present answer: the average of what was played."""
        return self.average_policy

    @property
    def current_policy(self) -> SampledPolicy:
        """The policies in play."""
        return current_policy(self._table)

    @cached_property
    def form(self) -> SequenceForm:
        """The compiled game, for what is exact.

        Raises
        ------
        nashforge.games.GameError
            If it cannot be compiled, as where it has more histories than ``max_nodes``.
        """
        return games.compile(self._game.source, max_nodes=self._max_nodes)

    @property
    def profile(self) -> StatePolicies:
        """The present answer as arrays over the sequences of the compiled game; errors as for `form`."""
        return self.average_policy.on(self.form)

    @property
    def exploitability(self) -> float:
        """Exploitability of the present answer, exact, in units of utility; errors as for `form`.

        Where the game is too large to be compiled, `played` has a lower bound.
        """
        return exploitability(self.form, self.profile)

    def values(self) -> list[float]:
        """Return each player's expected utility under the present answer, exact; errors as for `form`."""
        return [float(value) for value in expected_values(self.form, self.profile)]

    def step(self, iterations: int = 1) -> Self:
        """Make so many iterations, and return the solver.

        Raises
        ------
        nashforge.games.GameError
            If the game forgets what a player did, or OpenSpiel cannot play it.
        """
        count("iterations", iterations)
        self._watch.start()
        for _ in range(iterations):
            self._iterate()
        self._watch.stop()
        return self

    def run(
        self,
        iterations: int | None = None,
        *,
        target: float | None = None,
        seconds: float | None = None,
        stop: Stop | None = None,
        checkpoints: Iterable[int] | None = None,
        on_checkpoint: Callable[[Any], None] | None = None,
    ) -> Trajectory[SampledCheckpoint]:
        """Make iterations until one of the limits is reached.

        Parameters
        ----------
        iterations
            At most so many more. Default: what is left of the horizon.
        target
            Stop when exploitability is at most so much; for games that can be compiled.
        seconds
            Stop after so many seconds of iterations.
        stop
            Both of these, and an end on request.
        checkpoints
            Of the iterations that are made now, those after which to measure; default 1, 2, 5, 10, ...
        on_checkpoint
            Called with every checkpoint.

        Returns
        -------
        Trajectory
            What was measured; its policies are arrays where the game is compiled, and none elsewhere.
        """
        left = max(self.horizon - self.iteration, 1) if iterations is None else iterations
        stop = stop or Stop(target, seconds)
        if stop.target is not None:
            self.form  # a target that cannot be measured is told before anything is made  # noqa: B018
        found = run(_Engine(self), left, checkpoints, on_checkpoint, stop, self._watch)
        self.curve += found.curve
        return found

    def played(
        self,
        episodes: int = 1_000,
        seed: int | None = None,
        *,
        response: str | None = None,
        iterations: int = 2_000,
    ) -> Played:
        """Return values of the present answer and a lower bound of its exploitability, both found by playing.

        Parameters
        ----------
        episodes
            So many are played with the answer, and as many with each player's response.
        seed
            Of what is drawn. Default: that of the solver. It does not change what the solver does next.
        response
            ``local``: local best responses, in games that draw hidden cards anew; ``learned``: responses that
            are learned first. Default: local where that is possible.
        iterations
            In which each of the latter is learned.
        """
        local = self._game.kind in RESAMPLED
        response = ("local" if local else "learned") if response is None else response
        if response not in RESPONSES:
            raise ArgumentError(f"there is no response {response!r}; {choice(str(response), RESPONSES)}")
        if response == "local" and not local:
            raise ArgumentError(
                f"OpenSpiel does not draw anew what others hold in {self.game}, as local best responses need "
                f"it, and does in {', '.join(sorted(RESAMPLED))}; let responses be learned"
            )
        return play(
            self._game,
            self.average_policy,
            SCHEMES[self.sampling],
            count("episodes", episodes, least=2),
            response,
            count("iterations", iterations),
            count("seed", self.seed if seed is None else seed, least=0),
        )

    def _iterate(self) -> None:
        try:
            self._sampler.iterate(self.iteration + 1, range(self.players))
        except PLAY_ERRORS as error:
            raise self._game.unplayable(error) from error
        self.iteration += 1

    def _compiled(self) -> bool:
        try:
            return bool(self.form.nodes)
        except GameError:
            return False


class _Engine:
    """A solver as what is run."""

    averaged = True

    def __init__(self, solver: MCCFR) -> None:
        self._solver = solver
        self._compiled = solver._compiled()

    def step(self) -> None:
        self._solver._iterate()

    def checkpoint(self, seconds: float) -> SampledCheckpoint:
        solver = self._solver
        gap = solver.exploitability if self._compiled else math.nan
        return SampledCheckpoint(
            solver.iteration, gap, seconds, visited=solver.visited, infosets=solver.infosets
        )

    def policy(self) -> tuple[Any, ...]:
        return tuple(self._solver.profile) if self._compiled else ()


def _exploration(value: Any) -> float:
    """Return a probability that leaves no action out."""
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0.0 < number <= 1.0:
        raise ArgumentError(f"exploration must be a probability above 0, as 0.6 is; got {value!r}")
    return number
