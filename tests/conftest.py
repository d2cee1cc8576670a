"""Keeps the tests away from the user's archive, game cache and screen; says which of them are slow."""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import sqlite3
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .warm_workers import WarmWorkers

HERE = Path(__file__).resolve().parent

# The tests start some thousand processes. Where bytecode is not kept, as in many containers, each of them
# compiles all of Nashforge again, and pytest rewrites every file of tests again: it is kept, as kernels are.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Who starts the tests by nohup, or in the background, has them ignore signals that some of them send.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("nashforge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("nashforge"), max_examples=20)
settings.load_profile(os.environ.get("NASHFORGE_TEST_PROFILE", "nashforge"))

MARKS = {
    "services": ("services",),
    "attacks": ("attacks",),
    "slow": (
        "archive/test_archive_bounds.py",
        "archive/test_archive_durability.py",
        "cli",
        "conformance",
        "evolve/agents/test_agent_runs.py",
        "evolve/domains/dilemmas/test_search_and_synthesis.py",
        "evolve/domains/test_psro_domain.py",
        "evolve/domains/test_rqe_domain.py",
        "evolve/domains/test_strategic.py",
        "evolve/domains/test_tiers.py",
        "evolve/measurement/test_distill.py",
        "evolve/proposers/llm/test_calls.py",
        "evolve/proposers/llm/test_model_runs.py",
        "evolve/proposers/llm/test_preview.py",
        "evolve/proposers/rewriting/test_grammars.py",
        "evolve/proposers/rewriting/test_meta_solvers.py",
        "evolve/proposers/rewriting/test_mutation_of_rules.py",
        "evolve/search/test_ownership.py",
        "evolve/search/test_runs.py",
        "evolve/test_imported.py",
        "evolve/test_proposers.py",
        "python",
        "solvers/equilibria/test_markov.py",
        "solvers/mccfr/test_played.py",
        "solvers/mccfr/test_solver.py",
        "solvers/test_cfr.py",
        "studies/neural",
        "studies/test_axelrod_pool.py",
        "studies/test_srpo.py",
        "test_discovered.py",
        "test_docs.py",
        "test_extending.py",
        "test_hostile_directory.py",
        "test_wheel.py",
    ),
}
"""Marks of all tests in a folder or file; single tests that take long are marked where they stand."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what ``-m "not slow and ..."`` leaves out as a whole."""
    terms = config.option.markexpr.split(" and ")
    left_out = {place for mark, places in MARKS.items() if f"not {mark}" in terms for place in places}
    return True if collection_path.relative_to(HERE).as_posix() in left_out else None


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they are, and those that talk to a database server; files of quick ones come last.

    So no process is left alone with a long test at the end, while the others have nothing to do.
    """
    for item in items:
        place = item.path.relative_to(HERE)
        around = {place.as_posix(), *(folder.as_posix() for folder in place.parents)}
        for mark, places in MARKS.items():
            if around & set(places):
                item.add_marker(mark)
        if _needs_server(item):
            item.add_marker("services")
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in MARKS)}
    items.sort(key=lambda item: item.path not in long)


def _needs_server(item: pytest.Item) -> bool:
    """Whether a test asks for PostgreSQL by a fixture, or by the name of its variant."""
    variant = item.name.partition("[")[2].rstrip("]")
    return "postgresql" in (*getattr(item, "fixturenames", ()), *re.split("[-.]", variant))


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let Ctrl-C be tested where the tests were started in the background: shells then have it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point everything that Nashforge reads or writes outside the checkout to folders of this session.

    Compiled games are shared by all tests of a session: compiling one again shows nothing new.
    """
    home = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHFORGE_DATABASE", str(home / "data" / "nashforge.db"))
        patch.setenv("NASHFORGE_CACHE", str(home / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        patch.setenv("MPLBACKEND", "Agg")
        patch.delenv("NASHFORGE_DEBUG", raising=False)
        yield


@pytest.fixture(scope="session")
def game_cache(_nothing_of_the_user: None) -> Path:
    """Return the folder of the compiled games of this session."""
    return Path(os.environ["NASHFORGE_CACHE"])


@pytest.fixture(scope="module", autouse=True)
def _set_aside() -> None:
    """Have the garbage collector not go through all modules of all tests, half a second each time, again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _warm_workers() -> Iterator[WarmWorkers]:
    from nashforge.evolve.executors.local import LocalExecutor

    warm = WarmWorkers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalExecutor, "_start", lambda executor: warm.start(executor))
        patch.setattr(LocalExecutor, "close", lambda executor: warm.close(executor))
        yield warm
    warm.end()


@pytest.fixture
def own_workers(_warm_workers: WarmWorkers) -> Iterator[None]:
    """Have executors start workers of their own, and end them."""
    _warm_workers.on = False
    yield
    _warm_workers.on = True


@pytest.fixture(scope="session", autouse=True)
def _shared_sandboxes() -> Iterator[None]:
    from .sandboxes import close_shared_sandboxes

    yield
    close_shared_sandboxes()


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from nashforge.archive import Archive

    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    Archive.open(path).close()
    return path


@pytest.fixture
def new_archive(_migrated: Path) -> Callable[[Path], Path]:
    """Return a function that makes the file of an empty archive, a copy of one that was migrated."""

    def make(path: Path) -> Path:
        shutil.copyfile(_migrated, path)
        path.chmod(0o600)
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("UPDATE archive_info SET value = ? WHERE key = 'uid'", (uuid.uuid4().hex,))
        return path

    return make
