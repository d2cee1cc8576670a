"""Looks at test families: which measurements of a program played games that no search may be guided by."""

from __future__ import annotations

from collections.abc import Iterable

from nashforge import games
from nashforge.archive import Evaluation
from nashforge.evolve.domains.base import Domain


def looks(work: Domain, evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """Return the measurements in which games of the benchmark's test families were played, oldest first.

    Whoever asked for them: `nashforge bench`, `evaluate`, or the final test of a run. Each of them is kept in
    the archive with its suite and its games, so that none can be forgotten.

    Parameters
    ----------
    work
        The domain of the program.
    evaluations
        All that there are of it.
    """
    if work.benchmark is None:
        return []
    suite = work.benchmark.suites["test"]
    try:
        members = tuple(games.load_suite(suite).games)
    except games.SuiteError:  # it is named, but not installed here: its name alone is known
        members = ()
    begins = tuple(f"{game} (" for game in members)
    found = []
    for evaluation in evaluations:
        labels = [str(label) for label in evaluation.settings.get("games") or ()]
        if evaluation.suite == suite or any(label in members or label.startswith(begins) for label in labels):
            found.append(evaluation)
    return found
