"""Servers of one's own leave nothing behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis as client

from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis, Server
from nashforge.evolve.service.settings import ServiceError
from nashforge.evolve.service.spawning import free_port, wait_until

from .conftest import ROOT, missing


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


ALONE = """
import sys, time
from pathlib import Path
from nashforge.evolve.service import servers

with getattr(servers, sys.argv[1])(Path(sys.argv[2])) as server:
    print(server.url, flush=True)
    time.sleep(3600)
"""


@pytest.mark.parametrize("kind", [PostgreSQL, Redis])
def test_servers_end_with_a_process_that_is_killed_whoever_is_connected(
    place: Path, kind: type[Server]
) -> None:
    """PostgreSQL that is asked to end as it is by default waits for all who are connected: for ever."""
    if not kind.installed():
        missing(f"{kind.binary} is not installed")
    command = [sys.executable, "-c", ALONE, kind.__name__, str(place / f"alone-{kind.__name__}")]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        port = int(url.rpartition("@")[2].partition(":")[2].partition("/")[0])
        connected = psycopg.connect(url) if kind is PostgreSQL else client.Redis.from_url(url)
        connected.execute("SELECT 1") if kind is PostgreSQL else connected.ping()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        wait_until(lambda: not listens(port), 60.0)
        assert not listens(port)
        connected.close()
    finally:
        owner.kill()
        owner.communicate()


def test_who_has_the_port_of_a_server_is_not_told_its_password(place: Path) -> None:
    if not Redis.installed():
        missing("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0.1)
        server = Redis(place / "elsewhere", stranger.getsockname()[1])
        with pytest.raises(ServiceError, match="did not start"):
            server.start()
        # Whether the port is free again may be asked; nothing is said there.
        heard = []
        with suppress(TimeoutError):
            while True:
                line, _ = stranger.accept()
                heard.append(line.recv(100))
                line.close()
    assert set(heard) <= {b""}


def test_a_service_that_starts_is_ended_by_a_signal(place: Path) -> None:
    """Half of a cluster that is left behind does not disturb the next one."""
    for kind in (PostgreSQL, Redis):
        if not kind.installed():
            missing(f"{kind.binary} is not installed")
    folder = place / "interrupted"
    command = [sys.executable, "-m", "nashforge", "service", "up", "--workers", "0", "--folder", str(folder)]
    begun, log = folder / "postgresql" / "data.begun", folder / "postgresql" / "log"
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while process.poll() is None and not (begun.exists() or log.exists()):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60.0) == 0
    with PostgreSQL(folder / "postgresql") as server:
        assert server.answers()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
