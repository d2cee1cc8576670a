"""What `nashforge service up` starts beside the servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashforge.evolve.service.local_stack import local_stack, remembered
from nashforge.evolve.service.servers import free_port, wait_until

pytestmark = pytest.mark.slow


def test_its_workers_are_those_of_this_installation(tmp_path: Path) -> None:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    database = f"sqlite:///{tmp_path / 'archive.db'}"
    log = tmp_path / "worker-1.log"
    with local_stack(tmp_path, database=database, broker=broker) as stack:
        assert stack.started == ()
        assert remembered(tmp_path) == stack.environment
        wait_until(lambda: "Error" in log.read_text(), 120.0)
    # Nobody listens there, which only a worker that has started finds out.
    assert broker in log.read_text()
    assert remembered(tmp_path) is None
