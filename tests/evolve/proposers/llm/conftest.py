"""A loopback server that speaks both protocols, no keys of the user, and an archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The server is shared with the benchmarks, which are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from benchmarks.model_faults import Numbers, configuration
from benchmarks.model_server import Ask, ModelServer, Reply
from nashforge.archive import Archive, Run
from nashforge.evolve.config.model_names import KEYS
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.search.events import Listener, Result

SUITE = 'name = "two"\npurpose = "Two games."\ngames = ["kuhn_poker", "leduc_poker"]\n'


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*(name for names in KEYS.values() for name in names), "NASHFORGE_PRICES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def archive(tmp_path: Path, new_archive: Callable[[Path], Path]) -> Iterator[Archive]:
    with Archive.open(new_archive(tmp_path / "llm.db")) as opened:
        yield opened


@pytest.fixture
def serve() -> Iterator[Callable[..., ModelServer]]:
    """Return a function that starts a server with a script."""
    servers: list[ModelServer] = []

    def start(script: Callable[[Ask], Reply]) -> ModelServer:
        servers.append(ModelServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def run(archive: Archive, serve: Callable[..., ModelServer], tmp_path: Path) -> Callable[..., Any]:
    """Return a function that makes a run against a script; returns its result, the run and the server."""

    def make(
        script: Callable[[Ask], Reply],
        name: str = "one",
        listener: Listener | None = None,
        executor: Executor | None = None,
        **options: Any,
    ) -> tuple[Result, Run, ModelServer]:
        server = serve(script)
        config = configuration(tmp_path, server, 1, **({"max_evaluations": 8} | options))
        result = start_run(archive, config, name=name, listener=listener, executor=executor or Numbers())
        return result, archive.runs.get(name), server

    return make


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, Stage]:
    """Return stages of training, on two games whose references are known, and of validation."""
    work = domain("cfr")
    suite = tmp_path_factory.mktemp("suites") / "two.toml"
    suite.write_text(SUITE)
    train = work.stage("train", str(suite), 1000, work.fitness)
    train = train.model_copy(update={"references": dict.fromkeys(("kuhn_poker", "leduc_poker"), 1e-3)})
    return train, work.stage("validation", "cfr-validation", 1000, work.fitness)
