"""CSRO with two meta-solvers at equal evaluations: how exploitable the mixtures are, and by whom."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nashforge.archive import Archive, NotFound, RunState
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Opponent, Task
from nashforge.evolve.results.csro import Iteration, Population, iterations_of, population_of
from nashforge.evolve.runs.csro.loop import CSRO
from nashforge.evolve.runs.csro.options import csro_options, duels_of, start_csro
from nashforge.evolve.sandbox import Sandbox
from nashforge.solvers.psro.simulated import Estimate, exploitability

SOLVERS = ("nash", "uniform")


@dataclass(frozen=True)
class Outcome:
    """A population, its course and the programs of its members."""

    solver: str
    population: Population
    course: list[Iteration]
    sources: list[str]


def compare(arguments: argparse.Namespace) -> None:
    """Grow a population with each meta-solver, continuing what was interrupted, and print both."""
    work = domain("rrps")
    duels = duels_of(work)
    with Archive.open(arguments.database) as archive:
        found = [_grown(archive, work, solver, arguments) for solver in SOLVERS]
    for one in found:
        print(
            f"\n{one.solver}: {len(one.population.members)} programs, seed {arguments.seed}, "
            f"{arguments.evaluations} evaluations an iteration, {arguments.matches} matches a pair"
        )
        print(
            f"{'iteration':>9} {'gain':>16} {'by held-out bots':>18} {'by all bots':>16} {'mean of all':>16}"
        )
        for step in one.course:
            held, everyone = step.outside["held-out bots"], step.outside["all bots"]
            cells = [step.gain, held[1], everyone[1], everyone[0]]
            print(f"{step.number:>9} " + " ".join(f"{_text(cell):>16}" for cell in cells))
    print("\nthe most that a program of the other population wins from the last mixture")
    for one, other in (found, found[::-1]):
        payoffs, errors = _crossed(work, one, other.sources, arguments.matches)
        most, _ = exploitability(one.course[-1].weights, payoffs, errors)
        mean = float((one.course[-1].weights @ payoffs) @ other.course[-1].weights)
        print(
            f"{one.solver:<8} {_text(most)}; its mixture wins {mean:.1f} from the mixture of {other.solver}"
        )
    print(f"in {duels.unit} a match; ± is half a 95 % interval")


def _grown(archive: Archive, work: Domain, solver: str, arguments: argparse.Namespace) -> Outcome:
    name = f"{solver}-{arguments.seed}"
    try:
        run = archive.runs.get(name)
    except NotFound:
        config = load_config({"domain": work.name, "seed": arguments.seed, "workers": arguments.workers})
        options = csro_options(
            iterations=arguments.iterations,
            meta_solver=solver,
            evaluations=arguments.evaluations,
            matches=arguments.matches,
        )
        run = start_csro(archive, config, options, name=name)
    if run.state is not RunState.FINISHED:
        CSRO(archive, run, note=print).execute()
    population = population_of(archive, run, duels_of(work))
    sources = [archive.programs.get(program).source for program in population.hashes]
    return Outcome(solver, population, iterations_of(population, duels_of(work), solver), sources)


def _crossed(
    work: Domain, one: Outcome, others: Sequence[str], matches: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and standard errors of one population's returns from the programs of another."""
    duels = duels_of(work)
    opponents = [Opponent(name=str(k), source=source) for k, source in enumerate(others)]
    stage = duels.stage(opponents, matches, work.horizon)
    shape = (len(one.sources), len(others))
    means, errors = np.zeros(shape), np.zeros(shape)
    with Sandbox(work.host_modules) as sandbox:
        for i, source in enumerate(one.sources):
            if one.course[-1].weights[i] < 1e-9:
                continue
            task = Task(token="cross", domain=work.name, source=source, stages=(stage,))
            returns = duels.returns(work.evaluate(task, sandbox).stages[0].scores)
            for j in range(len(others)):
                each = returns[str(j)]
                means[i, j] = np.mean(each)
                errors[i, j] = np.std(each, ddof=1) / np.sqrt(len(each))
    return means, errors


def _text(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.1f} ± {found.high - found.value:.1f}"
