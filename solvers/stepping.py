"""Solvers that are driven by hand: iteration by iteration, in this process.

>>> import nashforge as nf
>>> solver = nf.CFR("kuhn_poker", "dcfr")
>>> solver.step(100).exploitability < 0.02
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Self

from nashforge.solvers.programs.arguments import ArgumentError, count
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.policies import StatePolicies
from nashforge.solvers.programs.solution import Solution
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.programs.trajectory import Checkpoint, Watch, run
from nashforge.solvers.sequence_form.openspiel import read_profile
from nashforge.solvers.sequence_form.profile import Profile
from nashforge.solvers.solving import chosen_kind, in_process

WORTH = 100
"""So many iterations are policies worth that a solver is started from, where nobody says it."""


class Solver:
    """A program at work in a game: it makes as many iterations as it is told, and can be asked after each.

    Parameters
    ----------
    game
        As in `nashforge.solvers.solving.solve`.
    program
        Name of one of the libraries, path of a Python file, or a class; it is trusted. Default: the usual one
        of its kind.
    horizon
        So many iterations the program is told to expect; some time what they do by it, and PSRO makes no
        more. Default: 1000 of CFR, 100 of PSRO and of learners.
    kind
        ``cfr``, ``psro`` or ``rqe``. Default: what the program is.

    Attributes
    ----------
    game : SequenceForm or Task
        What is played.
    program : str
        Name of the program.
    horizon : int
    curve : list of Checkpoint
        What was measured so far.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    nashforge.solvers.programs.library.NotInLibraryError
        If there is no such program.
    """

    _kind: ClassVar[str | None] = None

    def __init__(
        self,
        game: Any,
        program: str | Path | type | None = None,
        *,
        horizon: int | None = None,
        kind: str | ProgramKind | None = None,
    ) -> None:
        self.kind = chosen_kind(kind or self._kind, program)
        served = self.kind.default if program is None else program
        self.program = self.kind.library.load(served)[0]
        self.horizon = self.kind.iterations if horizon is None else count("horizon", horizon)
        self.game = self.kind.read(game, None)
        self.curve: list[Checkpoint] = []
        self._watch = Watch()
        # Sessions in this process hold nothing that would have to be closed.
        self._sessions = ExitStack().enter_context(
            in_process(self.kind, served)(self.kind.arguments(self.game, self._told()))
        )
        self._engine: Any = self.kind.engine(self.game, self._sessions, self._told())

    def _told(self) -> int:
        """Return the number of iterations that the program is told to expect."""
        return self.horizon

    def __repr__(self) -> str:
        return f"<{self.program} in {self.game.name} after {self.iteration} iterations>"

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return int(self._engine.iteration)

    @property
    def policy(self) -> StatePolicies:
        """The present answer: of CFR the average, of PSRO the mixture of its populations."""
        self._begun()
        return StatePolicies(self._engine.policy(), self.game)

    @property
    def exploitability(self) -> float:
        """Exploitability of the present answer, exact, in units of utility; of learners the RQE gap."""
        self._begun()
        return self._measure().gap

    def step(self, iterations: int = 1) -> Self:
        """Make so many iterations, and return the solver.

        Raises
        ------
        nashforge.errors.NashforgeError
            If the program returns something that is not a policy or mixture, or the solver has no room for
            more iterations.
        """
        self._check_room(count("iterations", iterations))
        self._watch.start()
        for _ in range(iterations):
            self._engine.step()
        self._watch.stop()
        return self

    def run(
        self,
        iterations: int | None = None,
        *,
        target: float | None = None,
        seconds: float | None = None,
        checkpoints: Iterable[int] | None = None,
        on_checkpoint: Callable[[Any], None] | None = None,
    ) -> Solution:
        """Make iterations until one of the limits is reached, and return the solution so far.

        Parameters
        ----------
        iterations
            At most so many more. Default: what is left of the horizon.
        target
            Stop when exploitability is at most so much.
        seconds
            Stop after so many seconds of iterations.
        checkpoints
            Of the iterations that are made now, those after which to measure; default 1, 2, 5, 10, ...
        on_checkpoint
            Called with every checkpoint.
        """
        left = max(self._told() - self.iteration, 1) if iterations is None else iterations
        self._check_room(count("iterations", left))
        found = run(self._engine, left, checkpoints, on_checkpoint, Stop(target, seconds), self._watch)
        self.curve += found.curve
        return Solution.of(self.game, self.program, found)

    def solution(self) -> Solution:
        """Return the present answer as a solution, which is measured for it."""
        self._begun()
        if not self.curve or self.curve[-1].iteration != self.iteration:
            self.curve.append(self._measure())
        return Solution(
            game=self.game,
            program=self.program,
            policy=self.policy,
            curve=tuple(self.curve),
            averaged=self._engine.averaged,
        )

    def _measure(self) -> Checkpoint:
        point: Checkpoint = self._engine.checkpoint(self._watch.seconds)
        return point

    def _begun(self) -> None:
        """Make sure that there is an answer."""

    def _check_room(self, iterations: int) -> None:
        """Make sure that so many more iterations can be made."""


class CFR(Solver):
    """A rule of counterfactual regret minimisation at work in a game.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or compiled ``SequenceForm``.
    rule
        Name of a rule of the library, path of a Python file with one, or a class; it is trusted.
    horizon
        So many iterations the rule is told to expect; more can be made.
    start
        Policies to start from: a `Solution`, one array a player, or a policy of OpenSpiel. Default: uniform.
    worth
        So many iterations ``start`` counts as: the rule begins after them, with the average and the regrets
        of one that found these policies in as many, see `nashforge.solvers.cfr.engine.Engine.warm_start`.

    Raises
    ------
    ArgumentError
        If ``start`` is given to a rule that cannot be started from policies.
    PolicyError
        If ``start`` is no profile of this game.

    Examples
    --------
    >>> import nashforge as nf
    >>> found = nf.solve("kuhn_poker", "cfr_plus", iterations=200)
    >>> again = nf.CFR("kuhn_poker", "dcfr", start=found, worth=200)
    >>> again.step(10).exploitability < 0.01
    True
    """

    _kind = "cfr"

    def __init__(
        self,
        game: Any,
        rule: str | Path | type | None = None,
        *,
        horizon: int | None = None,
        start: Any = None,
        worth: int = WORTH,
    ) -> None:
        self._worth = 0 if start is None else count("worth", worth)
        super().__init__(game, rule, horizon=horizon)
        if start is not None:
            profile = read_profile(self.game, start.policy if isinstance(start, Solution) else start)
            if not self._engine.warm_start(profile, self._worth):
                raise ArgumentError(
                    f"{self.program} cannot be started from policies: told to regret each action in "
                    "proportion to its probability, it plays and averages others; start dcfr, cfr_plus or "
                    "another rule that plays in proportion to positive regrets"
                )

    def _told(self) -> int:
        return self._worth + self.horizon

    @property
    def average_policy(self) -> StatePolicies:
        """The average of what was played, which is CFR's answer; uniform where nothing was averaged."""
        return self.policy

    @property
    def current_policy(self) -> StatePolicies:
        """The policies in play: what the rule answered last."""
        return StatePolicies(self._engine.current, self.game)

    def iterates(self, iterations: int) -> Iterator[Profile]:
        """Make so many iterations, and yield what is played in each, before it is made: at first the start.

        Players move in turn within an iteration, so that the second has answered to what the first plays
        next. Together these profiles are the joint average, which `nashforge.solvers.equilibria.correlated`
        measures.
        """
        for _ in range(count("iterations", iterations)):
            yield self._engine.current
            self.step()


class PSRO(Solver):
    """A meta-solver of policy-space response oracles at work in a game.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or compiled ``SequenceForm``.
    meta_solver
        Name of a meta-solver of the library, path of a Python file with one, or a class; it is trusted.
    horizon
        At most so many iterations can be made, each of which adds a best response of every player.
    """

    _kind = "psro"

    def __init__(
        self, game: Any, meta_solver: str | Path | type | None = None, *, horizon: int | None = None
    ) -> None:
        super().__init__(game, meta_solver, horizon=horizon)

    @property
    def policy(self) -> StatePolicies:
        """The mixture of the populations that the meta-solver has evaluated now."""
        self._begun()
        self._engine.measure()  # which asks the meta-solver for the mixture
        return StatePolicies(self._engine.policy(), self.game)

    @property
    def policies(self) -> int:
        """Number of policies in each population."""
        return int(self._engine.policies)

    def _begun(self) -> None:
        if not self.iteration:
            raise ArgumentError(f"{self.program} has mixed nothing yet; call step() first")

    def _check_room(self, iterations: int) -> None:
        if self.iteration + iterations > self.horizon:
            raise ArgumentError(
                f"{iterations} more iterations after {self.iteration} are above the horizon of "
                f"{self.horizon}, which the populations have room for; make the solver with a larger horizon"
            )
