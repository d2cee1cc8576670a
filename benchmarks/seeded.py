"""Runs of a search that differ by their seeds, each in a process of its own, and the best program of each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from nashforge.archive import Archive, Candidate, NotFound, Run, Status
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.population.ranking import merit


def evaluated(archive: Archive, run: Run) -> list[Candidate]:
    """Return the candidates of a run that count as evaluations, in order."""
    return [c for c in archive.candidates.of(run) if c.status.finished and c.status is not Status.DUPLICATE]


def run_or_resume(archive: Archive, config: RunConfig, name: str) -> None:
    """Do a run, or finish it; one of fewer evaluations is extended."""
    try:
        run = archive.runs.get(name)
    except NotFound:
        start_run(archive, config, name=name)
        return
    if len(evaluated(archive, run)) < config.budget.max_evaluations:
        resume_run(archive, run, changes={"max_evaluations": config.budget.max_evaluations})


def best_of(archive: Archive, name: str, evaluations: int) -> Candidate | None:
    """Return the best of a run's first evaluations; None if it has not got so far."""
    try:
        done = evaluated(archive, archive.runs.get(name))[:evaluations]
    except NotFound:
        return None
    return max(done, key=lambda c: (merit(c), -c.index)) if len(done) == evaluations else None


def spawn(module: str, jobs: Iterable[Sequence[str]], processes: int) -> None:
    """Run a benchmark with the words of each job, some at a time."""

    def job(words: Sequence[str]) -> None:
        subprocess.run([sys.executable, "-m", module, *words], check=True)

    with ThreadPoolExecutor(processes) as pool:
        for done in [pool.submit(job, words) for words in jobs]:
            done.result()
