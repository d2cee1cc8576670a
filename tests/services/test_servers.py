"""Servers of one's own leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashforge.evolve.service.servers import RabbitMQ, free_port

from .conftest import missing


def started_for(folder: Path) -> list[str]:
    """Return the processes that have a folder as their home."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            variables = (place / "environ").read_bytes().split(b"\0")
            if f"HOME={folder}".encode() in variables:
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found


def test_rabbitmq_takes_all_its_processes_along(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no other node runs on the machine, too: Erlang would start a daemon that stays."""
    if not RabbitMQ.installed():
        missing("rabbitmq-server is not installed")
    monkeypatch.setenv("ERL_EPMD_PORT", str(free_port()))
    node = RabbitMQ(place / "rabbitmq-alone")
    with node:
        assert started_for(node.folder)
    assert started_for(node.folder) == []
