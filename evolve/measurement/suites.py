"""The suites of all domains in one list: extensive, matrix, Markov and mean-field games, dilemmas, bots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

from nashforge.games.errors import GameError, SuiteError
from nashforge.games.naming import choice

GAMES, LEARNING, MEAN_FIELD, DILEMMA, BOTS = "extensive", "matrix, Markov", "mean-field", "dilemma", "bots"
"""What programs play: sequence forms (cfr, psro), learning tasks (rqe), mean-field games (mfg), episodes
(gathering, cleanup), and matches (rrps)."""

_FOLDERS = (
    ("nashforge.games", "data"),
    ("nashforge.games.matrix", "suites"),
    ("nashforge.games.meanfield", "suites"),
    ("nashforge.evolve.domains.dilemmas", "suites"),
    ("nashforge.evolve.domains.rrps", "suites"),
)


@dataclass(frozen=True)
class SuiteEntry:
    """A suite as people look at it.

    Attributes
    ----------
    name, kind, purpose : str
    games : tuple of str
        Game strings; of a dilemma the episodes of each split, as a setting with its seeds; of bots the
        populations of each split.
    domain : str or None
        The domain whose programs play it, where there is just one.
    """

    name: str
    kind: str
    purpose: str
    games: tuple[str, ...]
    domain: str | None = None


def all_suite_names() -> tuple[str, ...]:
    """Return the names of all suites of the package, found without loading anything heavy."""
    names = []
    for package, folder in _FOLDERS:
        files = resources.files(package).joinpath(folder).iterdir()
        names += [file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")]
    return tuple(sorted(names))


def all_suites() -> tuple[SuiteEntry, ...]:
    """Return the suites of the package, by name."""
    return tuple(sorted((load(name) for load, name in _known()), key=lambda entry: entry.name))


def find_suite(name_or_path: str) -> SuiteEntry:
    """Return a suite of the package by name, or the user's own from a TOML file of any of the kinds.

    Raises
    ------
    nashforge.games.SuiteError
        If there is no such suite, or the file is of no kind.
    """
    for load, name in _known():
        if name == name_or_path:
            return load(name)
    if not (name_or_path.endswith(".toml") or "/" in name_or_path):
        raise SuiteError(
            f"there is no suite called {name_or_path!r}; {choice(name_or_path, all_suite_names())} (your own "
            "suite is a path ending in .toml)"
        )
    try:
        return _extensive(name_or_path)
    except GameError as error:
        for load in (_learning, _dilemma, _bots):
            try:
                return load(name_or_path)
            except GameError:
                continue
        raise error


def _known() -> Iterator[tuple[Callable[[str], SuiteEntry], str]]:
    from nashforge.evolve.domains.dilemmas.suites import DILEMMA_SUITES
    from nashforge.evolve.domains.rrps.suites import POPULATION_SUITES
    from nashforge.games.matrix.suite_files import MATRIX_SUITES
    from nashforge.games.meanfield.suite_files import MEAN_FIELD_SUITES
    from nashforge.games.suites import suite_names

    for load, names in (
        (_extensive, suite_names()),
        (_learning, MATRIX_SUITES.names()),
        (_mean_field, MEAN_FIELD_SUITES.names()),
        (_dilemma, DILEMMA_SUITES.names()),
        (_bots, POPULATION_SUITES.names()),
    ):
        for name in names:
            yield load, name


def _extensive(name: str) -> SuiteEntry:
    from nashforge.games.suites import load_suite

    found = load_suite(name)
    return SuiteEntry(found.name, GAMES, found.purpose, found.games)


def _learning(name: str) -> SuiteEntry:
    from nashforge.games.matrix.suite_files import MATRIX_SUITES
    from nashforge.solvers.learners.engine import learning_task

    found = MATRIX_SUITES.load(name)
    for game in found.games:  # another kind of suite has the same fields
        learning_task(game)
    return SuiteEntry(found.name, LEARNING, found.purpose, found.games)


def _mean_field(name: str) -> SuiteEntry:
    from nashforge.games.meanfield.suite_files import MEAN_FIELD_SUITES

    found = MEAN_FIELD_SUITES.load(name)
    return SuiteEntry(found.name, MEAN_FIELD, found.purpose, found.games, "mfg")


def _dilemma(name: str) -> SuiteEntry:
    from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite

    found = load_dilemma_suite(name)
    splits = {"train": found.train, "validation": found.validation, "test": found.test}
    games = (f"{found.setting} {split} seeds {', '.join(map(str, seeds))}" for split, seeds in splits.items())
    return SuiteEntry(found.name, DILEMMA, found.purpose, tuple(games), found.parsed().game)


def _bots(name: str) -> SuiteEntry:
    from nashforge.evolve.domains.rrps.suites import POPULATION_SUITES

    found = POPULATION_SUITES.load(name)
    splits = {"train": found.train, "validation": found.validation, "test": found.test}
    games = (f"{split}: {population}" for split, populations in splits.items() for population in populations)
    return SuiteEntry(found.name, BOTS, found.purpose, tuple(games), "rrps")
