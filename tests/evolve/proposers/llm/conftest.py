"""A loopback server that speaks both protocols, no keys of the user, and an archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The server is shared with the benchmarks, which are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from benchmarks.model_server import Ask, ModelServer, Reply
from nashforge.archive import Archive
from nashforge.evolve.config.model_names import KEYS


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
