"""References of a fitness: programs, what the archive knows of them, and floors."""

from __future__ import annotations

from collections.abc import Iterable

from nashforge.archive import Archive, Evaluation, Run
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.fitness import floors_of, reference_programs
from nashforge.evolve.evaluation.messages import Fitness, Stage
from nashforge.evolve.search.measured.outcomes import last_values

REFERENCES = "references"
"""What a run remembers of its references: their names, as the library may grow before it is resumed."""


def references_of(archive: Archive, run: Run, domain: Domain, fitness: Fitness) -> tuple[str, ...]:
    """Return the programs whose best values are a run's reference; none where fitness refers to none."""
    if fitness.kind != "log_ratio":
        return ()
    stored = archive.runs.get_value(run, REFERENCES, None)
    if isinstance(stored, list):
        return tuple(str(name) for name in stored)
    return reference_programs(fitness.reference, domain.baselines())


def keep_references(archive: Archive, run: Run, names: Iterable[str]) -> None:
    """Have a run remember the programs that it refers to."""
    archive.runs.set_value(run, REFERENCES, list(names))


def recalled_in(archive: Archive, domain: Domain, stage: Stage, name: str) -> Evaluation | None:
    """Return how a program of the library was measured in a stage; None if the archive does not know."""
    program = archive.programs.add(domain.source(name), domain.name)
    return archive.evaluations.cached(
        program, suite_digest=stage.digest, evaluator=domain.evaluator, split=stage.split
    )


def known_values(
    archive: Archive, domain: Domain, stage: Stage, names: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return what programs of the library reached in a stage, by program and label, as far as it is known."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        known = recalled_in(archive, domain, stage, name)
        if known is not None:
            found[name] = last_values(known.scores, domain.metric)
    return found


def floors(domain: Domain, stage: Stage) -> dict[str, float]:
    """Return the floors of a stage's trials by label; none where the floor is one number.

    Raises
    ------
    NotOfferedError
        If the floor is to be a share of the range of payoffs, and the domain knows of none.
    """
    if stage.fitness.floor_relative is None:
        return {}
    if not isinstance(domain, GameDomain):
        raise NotOfferedError(
            f"the domain {domain.name!r} knows no range of payoffs, so fitness.floor_relative means nothing; "
            "set fitness.floor"
        )
    return floors_of(stage.fitness, {trial.label: domain.payoff_range(trial) for trial in stage.trials})
