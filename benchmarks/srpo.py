"""Cooperation with strangers, SRPO against independent learners: python -m benchmarks.srpo

Trains pairs of agents, each from a seed of its own, and lets agent 0 of every pair play with agent 1 of every
other. Prints mean returns of an agent with the partner of training and with strangers, what is lost between
the two, how far pairs of strangers differ, and free-riding: how much more one of a pair pays than the other,
which is how far their returns differ, because they share all but private costs. Intervals are 95 %, by the
jackknife over seeds.

Parts: ``tabular`` and ``one-shot`` are example 4.2 of arXiv 2602.21515 (both earn 1 if anyone contributes;
contributing costs 0.4) with tables and with networks, and exact returns; ``grid`` is its 5 x 5 grid, PPO as
published, but for an eighth of the steps. Processes do the training; a run is one thread.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.studies.srpo import srpo
from benchmarks.studies.worlds import CooperationWorld, MarkovWorld
from nashforge.evolve.evaluation.intervals import Indices, jackknife
from nashforge.games.markov import contribution_line
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.metrics.social import CrossPlay

Array: TypeAlias = npt.NDArray[np.float64]
Statistic: TypeAlias = Callable[[Indices], float]

JOB = np.array([[0.6, 0.6], [1.0, 0.0]])
"""Own actions as rows: contribute or not."""
JOB_EPSILON, JOB_TAU = 0.2, 2.0
GRID_EPSILON, GRID_TAU, GRID_STEPS = 0.1, 10.0, 250_000
EPISODES = 200
MOST_COLUMNS = 10

screen = Console(emoji=False, highlight=False, width=120 if not sys.stdout.isatty() else None)


def tabular(tau: float | None, seed: int) -> list[Array]:
    """Train tables on the job; return both strategies."""
    rng = np.random.default_rng(seed)
    return list(srpo([JOB, JOB.T], rng, tau=tau, epsilon=JOB_EPSILON, steps=3000, batch=512, rate=0.3).agents)


def one_shot(tau: float | None, seed: int) -> list[Array]:
    """Train networks on the job; return both strategies."""
    from benchmarks.studies.neural.networks import log_policy
    from benchmarks.studies.neural.srpo import Settings, train

    # In units of utility, as tables are; other settings suit so small a problem.
    how = Settings(copies=64, length=16, hidden=(16,), rate=3e-3, normalize=False)
    game, rng = contribution_line(1), np.random.default_rng(seed)
    found = train(
        lambda copies: MarkovWorld(game, copies, 1),
        rng,
        steps=200_000,
        tau=tau,
        epsilon=JOB_EPSILON,
        settings=how,
    )
    seen = np.ones((1, 2), dtype=np.float32)
    # Action 1 of the line is to contribute.
    return [np.exp(np.asarray(log_policy(actor, seen), dtype=float))[0, ::-1] for actor in found.agents]


def grid(steps: int, tau: float | None, seed: int) -> list[Any]:
    """Train networks on the grid; return both."""
    from benchmarks.studies.neural.networks import on_host
    from benchmarks.studies.neural.srpo import train

    rng = np.random.default_rng(seed)
    found = train(CooperationWorld, rng, steps=steps, tau=tau, epsilon=GRID_EPSILON)
    return [on_host(actor) for actor in found.agents]


def exact_returns(teams: Sequence[Sequence[Array]]) -> Array:
    """Return both agents' expected payoffs in all pairs, shape ``(2, teams, teams)``."""
    mine, theirs = (np.array([team[i] for team in teams]) for i in range(2))
    return np.stack([mine @ JOB @ theirs.T, (theirs @ JOB @ mine.T).T])


def sampled_returns(teams: Sequence[Any]) -> Array:
    """Return both agents' mean returns in all pairs, shape ``(2, teams, teams)``."""
    from benchmarks.studies.neural.playing import cross_returns

    return cross_returns(CooperationWorld, teams, np.random.default_rng(2026), EPISODES)


def seconds_of(work: Callable[[float | None, int], Any], tau: float | None, seed: int) -> tuple[Any, float]:
    """Return what training leaves, and the processor time it took."""
    began = time.process_time()
    return work(tau, seed), time.process_time() - began


def compare(
    title: str,
    work: Callable[[float | None, int], Any],
    returns: Callable[[Sequence[Any]], Array],
    tau: float,
    seeds: int,
    pool: ProcessPoolExecutor,
) -> None:
    """Train, cross, print."""
    began = time.perf_counter()
    learners = {"independent": None, f"SRPO, tau {tau:g}": tau}
    jobs = [pool.submit(seconds_of, work, t, seed) for t in learners.values() for seed in range(seeds)]
    done = []
    with screen.status(title) as status:
        for job in jobs:
            status.update(f"{title}: {len(done)} of {len(jobs)} runs")
            done.append(job.result())
        status.update(f"{title}: pairs of strangers")
        pairs = pool.submit(returns, [team for team, _ in done]).result()
    blocks = {
        (mine, theirs): pairs[:, k * seeds : (k + 1) * seeds, m * seeds : (m + 1) * seeds]
        for k, mine in enumerate(learners)
        for m, theirs in enumerate(learners)
    }
    summarise(title, blocks, list(learners), seeds)
    screen.print(
        f"{len(done)} runs of {np.mean([spent for _, spent in done]):.1f} s of processor time each; "
        f"{time.perf_counter() - began:.0f} s in all\n"
    )


def summarise(title: str, blocks: dict[tuple[str, str], Array], learners: list[str], seeds: int) -> None:
    """Print matrices of cross-play, where they fit, and what they say."""
    for name in learners if seeds <= MOST_COLUMNS else []:
        table = Table("seed of agent 0 \\ 1", *map(str, range(seeds)), title=f"{title}: {name}")
        for seed, row in enumerate(blocks[name, name].mean(axis=0)):
            table.add_row(str(seed), *(f"{value:.3g}" for value in row))
        screen.print(table)
    plain, averse = (blocks[name, name] for name in learners)
    table = Table("", *learners, "SRPO less independent", title=f"{title}: {seeds} seeds, 95 % intervals")
    for what, measure in MEASURES.items():
        ours, theirs = partial(_among, averse, measure), partial(_among, plain, measure)
        table.add_row(what, *(interval(f, seeds) for f in (theirs, ours, _difference(ours, theirs))))
    screen.print(table)
    table = Table("agent 0", *(f"with {name}" for name in learners), title=f"{title}: means with strangers")
    for mine in learners:
        cells = [interval(partial(_among, blocks[mine, other], _crossed), seeds) for other in learners]
        table.add_row(mine, *cells)
    screen.print(table)


def interval(statistic: Statistic, seeds: int) -> str:
    """Return an estimate and its interval as text."""
    found = jackknife(statistic, seeds)
    return f"{found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"


def _difference(first: Statistic, second: Statistic) -> Statistic:
    return lambda runs: first(runs) - second(runs)


def _among(pairs: Array, measure: Callable[[Array], float], runs: Indices) -> float:
    """Return what is measured among some runs."""
    return measure(pairs[:, runs][:, :, runs])


def _crossed(pairs: Array) -> float:
    return CrossPlay(pairs.mean(axis=0)).cross_play


MEASURES: dict[str, Callable[[Array], float]] = {
    "partner of training": lambda pairs: CrossPlay(pairs.mean(axis=0)).self_play,
    "strangers": _crossed,
    "lost with strangers": lambda pairs: CrossPlay(pairs.mean(axis=0)).gap,
    "deviation over strangers": lambda pairs: CrossPlay(pairs.mean(axis=0)).deviation,
    "free-riding": lambda pairs: float(np.abs(np.diagonal(pairs[0] - pairs[1])).mean()),
}
"""From both agents' returns, shape ``(2, runs, runs)``."""


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("tabular", "one-shot", "grid")
    parser.add_argument("parts", nargs="*", default=list(parts), metavar="PART")
    parser.add_argument("--seeds", type=int, default=8, help="runs of each learner on the grid, at least 3")
    parser.add_argument("--job-seeds", type=int, default=20, help="the same in the contribution game")
    parser.add_argument("--steps", type=int, default=GRID_STEPS, help="of the grid, for each agent")
    parser.add_argument("--tau", type=float, default=GRID_TAU, help="aversion on the grid")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(parts)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    if min(chosen.seeds, chosen.job_seeds) < 3:
        parser.error(f"intervals need at least 3 seeds; got {chosen.seeds} and {chosen.job_seeds}")
    # Workers read these when they start: a run is one thread, and so runs do not fight over the cores.
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    exact = rqe(JOB, JOB, tau=(JOB_TAU, JOB_TAU), epsilon=(JOB_EPSILON, JOB_EPSILON))
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        if {"tabular", "one-shot"} & set(chosen.parts):
            worth = float(exact[0] @ JOB @ exact[1])
            screen.print(
                f"contribution game: both contribute with probability {exact[0][0]:.4f} at the only RQE for "
                f"tau {JOB_TAU:g} and epsilon {JOB_EPSILON:g}, which is worth {worth:.4f} to each\n"
            )
        if "tabular" in chosen.parts:
            compare("contribution game, tables", tabular, exact_returns, JOB_TAU, chosen.job_seeds, pool)
        if "one-shot" in chosen.parts:
            compare("contribution game, networks", one_shot, exact_returns, JOB_TAU, chosen.job_seeds, pool)
        if "grid" in chosen.parts:
            work = partial(grid, chosen.steps)
            compare("5 x 5 grid", work, sampled_returns, chosen.tau, chosen.seeds, pool)


if __name__ == "__main__":
    main()
