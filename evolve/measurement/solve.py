"""Solve a game with any rule or meta-solver: the library's own in this process, all others confined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nashforge import games
from nashforge.evolve.measurement.programs import NamedProgram, playable
from nashforge.evolve.sandbox import Limits, Sandbox, Tier
from nashforge.solvers.cfr.engine import Checkpoint, run, session_arguments
from nashforge.solvers.cfr.rules import load_rule
from nashforge.solvers.cfr.solve import Solution
from nashforge.solvers.programs.session import InlineSession, inline_sessions
from nashforge.solvers.programs.stopping import Stop

if TYPE_CHECKING:
    from nashforge.evolve.sandbox import SessionGroup
    from nashforge.games.sequence_form import SequenceForm
    from nashforge.solvers.equilibria.stationary import Policies
    from nashforge.solvers.learners.markov.tasks import MarkovTask
    from nashforge.solvers.learners.tasks import LearningTask
    from nashforge.solvers.psro.engine import PSROCheckpoint
    from nashforge.solvers.sequence_form.profile import Profile


@contextmanager
def confined(
    named: NamedProgram, limits: Limits, tier: str, arguments: Sequence[Mapping[str, Any]]
) -> Iterator[SessionGroup]:
    """Serve a program from a sandbox for the length of a block, by a process for each session.

    Parameters
    ----------
    limits
        What the program may take in all.
    tier
        Weakest sandbox tier to accept.
    arguments
        Of the sessions, as an engine's ``session_arguments`` returns them.
    """
    with (
        Sandbox(hosts=sorted({each["host"] for each in arguments}), tier=Tier(tier)) as sandbox,
        sandbox.sessions(named.source, arguments, limits=limits) as sessions,
    ):
        yield sessions


def solve_with(
    game: str,
    named: NamedProgram,
    iterations: int,
    *,
    tier: str = "strict",
    seconds: float = 3600.0,
    max_nodes: int | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    stop: Stop | None = None,
) -> Solution:
    """Solve a game with a CFR rule.

    Parameters
    ----------
    named
        The rule; unless it is one of the library it runs in a sandbox.
    tier
        Weakest sandbox tier to accept.
    seconds
        How long a rule in the sandbox may take in all.
    on_checkpoint
        Called with every checkpoint.
    stop
        Ends it early, with what it has.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    nashforge.evolve.sandbox.CandidateFailure
        If the rule fails.
    nashforge.solvers.PolicyError
        If it returns something that is not a policy.
    """
    form = games.compile(game, max_nodes=max_nodes)
    stop = stop or Stop()
    arguments = session_arguments(form, iterations)
    if named.origin == "library":
        inline = inline_sessions(lambda: load_rule(named.label)[1], arguments)
        trajectory = run(form, inline, iterations, on_checkpoint=on_checkpoint, stop=stop)
    else:
        limits = Limits(wall_seconds=seconds, cpu_seconds=seconds)
        with confined(playable(named), limits, tier, arguments) as sessions:
            trajectory = run(form, sessions, iterations, on_checkpoint=on_checkpoint, stop=stop)
    return Solution(
        form, named.label, trajectory.average, trajectory.checkpoints, stop.reason, trajectory.averaged
    )


def solve_psro_with(
    game: str,
    named: NamedProgram,
    iterations: int,
    *,
    tier: str = "strict",
    seconds: float = 3600.0,
    max_nodes: int | None = None,
    on_checkpoint: Callable[[PSROCheckpoint], None] | None = None,
    stop: Stop | None = None,
) -> Solution:
    """Solve a game by PSRO with a meta-solver; parameters and errors as for `solve_with`.

    Raises
    ------
    nashforge.solvers.psro.engine.StrategyError
        If the meta-solver returns something that is not a mixture over the populations.
    """
    from nashforge.solvers.psro.engine import run as run_psro
    from nashforge.solvers.psro.engine import session_arguments as psro_arguments
    from nashforge.solvers.psro.meta_solvers import load_solver

    form = games.compile(game, max_nodes=max_nodes)
    stop = stop or Stop()
    arguments = psro_arguments(form, iterations)
    if named.origin == "library":
        inline = InlineSession(load_solver(named.label)[1], **arguments)
        trajectory = run_psro(form, inline, iterations, on_checkpoint=on_checkpoint, stop=stop)
    else:
        limits = Limits(wall_seconds=seconds, cpu_seconds=seconds, call_seconds=seconds)
        with confined(named, limits, tier, [arguments]) as (session,):
            trajectory = run_psro(form, session, iterations, on_checkpoint=on_checkpoint, stop=stop)
    return Solution(form, named.label, trajectory.average, trajectory.checkpoints, stop.reason)


def learn_with(
    game: str, named: NamedProgram, iterations: int, *, tier: str = "strict", seconds: float = 3600.0
) -> tuple[SequenceForm, Profile, LearningTask]:
    """Let learners play a one-shot game; return it, scaled, with their last strategies and the task.

    Raises
    ------
    nashforge.games.GameError
        If the string names no learning task of a one-shot game.
    nashforge.evolve.sandbox.CandidateFailure
        If the learner fails.
    nashforge.solvers.learners.engine_loop.StrategyError
        If it returns something that is not a mixed strategy.
    """
    from nashforge.games.matrix.reading import one_shot_form
    from nashforge.solvers.learners.engine import learn
    from nashforge.solvers.learners.engine import session_arguments as learner_arguments
    from nashforge.solvers.learners.tasks import learning_task

    task = learning_task(game)
    form = one_shot_form(game, *task.payoffs)
    limits = Limits(wall_seconds=seconds, cpu_seconds=seconds)
    with confined(named, limits, tier, learner_arguments(task, iterations)) as sessions:
        learned = learn(task, sessions, iterations)
    return form, learned.strategies, task


def learn_markov_with(
    game: str, named: NamedProgram, iterations: int, *, tier: str = "strict", seconds: float = 3600.0
) -> tuple[MarkovTask, Policies]:
    """Let learners play a Markov game; return the task with their last policies; otherwise `learn_with`."""
    from nashforge.solvers.learners.markov.engine import learn
    from nashforge.solvers.learners.markov.engine import session_arguments as learner_arguments
    from nashforge.solvers.learners.markov.tasks import markov_task

    task = markov_task(game)
    limits = Limits(wall_seconds=seconds, cpu_seconds=seconds)
    with confined(named, limits, tier, learner_arguments(task, iterations)) as sessions:
        learned = learn(task, sessions, iterations)
    return task, learned.strategies
