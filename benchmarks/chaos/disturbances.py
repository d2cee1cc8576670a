"""What is done to those who work on a run: each disturbance is a function of the trial."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable

import psycopg
import redis

from benchmarks.chaos import freezing
from benchmarks.chaos.trial import IMPATIENT, Trial
from nashforge.evolve.service.servers import Redis

STALE = float(IMPATIENT["NASHFORGE_STALE_SECONDS"])
FREEZE_SECONDS = 12.0
"""Longer than a program may take for a call (10), and than a worker may be silent."""
DAY = 86_400


def kill_worker(trial: Trial) -> None:
    """Kill one of the workers (-9), and start it again."""
    name = str(trial.rng.choice(["worker-1", "worker-2"]))
    _kill(trial.processes[name])
    trial.worker(name)


def kill_coordinator(trial: Trial) -> None:
    """Kill the process that works on the run (-9)."""
    _kill(trial.processes["coordinator"])


def rush_coordinators(trial: Trial) -> None:
    """Kill the process that works on the run, and have two others resume it at the same time."""
    _kill(trial.processes["coordinator"])
    trial.coordinator()
    trial.coordinator("rival")


def ask_to_end(trial: Trial) -> None:
    """Ask the process that works on the run, or a worker, to end (SIGTERM)."""
    trial.processes[str(trial.rng.choice(["coordinator", "worker-1", "worker-2"]))].terminate()


def close_terminal(trial: Trial) -> None:
    """Close the terminal of the process that works on the run."""
    trial.terminals["coordinator"].close()


def freeze_run(trial: Trial) -> None:
    """Stop all that works on the run (SIGSTOP) for longer than it takes to be taken for dead."""
    roots = [process.pid for process in trial.processes.values() if process.poll() is None]
    freezing.stop([pid for root in roots for pid in (root, *freezing.descendants(root))], 1.5 * STALE)


def freeze_machine(trial: Trial) -> None:
    """Freeze everything, servers included, for longer than any call of a program may take."""
    how = freezing.freeze(FREEZE_SECONDS)
    trial.done[f"by {how}"] += 1


def restart_broker(trial: Trial) -> None:
    """Kill the broker, and start it again with nothing in it."""
    trial.broker.kill()
    shutil.rmtree(trial.broker.folder / "mnesia", ignore_errors=True)
    _wait_a_moment(trial)
    trial.broker.start()


def fill_broker(trial: Trial) -> None:
    """Have Redis be out of memory for a while."""
    with redis.Redis.from_url(trial.broker.url) as client:
        client.config_set("maxmemory", 1)
        time.sleep(float(trial.rng.uniform(1, 6)))
        client.config_set("maxmemory", 0)


def crash_database(trial: Trial) -> None:
    """Have PostgreSQL end at once, and start it again: it recovers from its log."""
    trial.database.kill()
    _wait_a_moment(trial)
    trial.database.start()


def cut_sessions(trial: Trial) -> None:
    """Cut every connection to the database, twice a second for some seconds."""
    for _ in range(int(trial.rng.integers(1, 10))):
        _tell(trial, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        time.sleep(0.5)


def silence_database(trial: Trial) -> None:
    """Have the network swallow what goes over the connections to the database; new ones work."""
    trial.relay.silence()


def change_isolation(trial: Trial) -> None:
    """Have the database isolate transactions in another way by default."""
    level = trial.rng.choice(["serializable", "repeatable read", "read committed"], p=[0.6, 0.3, 0.1])
    _tell(trial, f"ALTER SYSTEM SET default_transaction_isolation = '{level}'")
    _tell(trial, "SELECT pg_reload_conf()")


def move_clock(trial: Trial) -> None:
    """Have the database's clock be wrong by up to a day, forward or back."""
    trial.database.move_clock(int(trial.rng.integers(-DAY, DAY)))


def kinds(trial: Trial) -> list[Callable[[Trial], None]]:
    """Return the disturbances that are possible here."""
    found: list[Callable[[Trial], None]] = [
        kill_worker,
        kill_coordinator,
        rush_coordinators,
        ask_to_end,
        close_terminal,
        freeze_run,
        freeze_machine,
        restart_broker,
        crash_database,
        cut_sessions,
        silence_database,
        change_isolation,
    ]
    if isinstance(trial.broker, Redis):
        found.append(fill_broker)
    if trial.database.movable:
        found.append(move_clock)
    return found


def disturb_until_done(trial: Trial) -> None:
    """Work on the run and disturb it, with every kind of disturbance in turn, until it has ended.

    Raises
    ------
    TimeoutError
        If it takes longer than planned.
    """
    possible = kinds(trial)
    order: list[int] = []
    trial.worker("worker-1")
    trial.worker("worker-2")
    trial.coordinator()
    deadline = time.monotonic() + trial.plan.limit
    following = int(trial.rng.integers(1, trial.plan.every + 1))
    while not trial.tend():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done after {trial.plan.limit:g} s; see {trial.folder}")
        if trial.evaluated() >= following:
            # At any moment of whatever is going on.
            time.sleep(float(trial.rng.uniform(0, 0.5)))
            order = order or [int(k) for k in trial.rng.permutation(len(possible))]
            kind = possible[order.pop()]
            kind(trial)
            trial.done[kind.__name__] += 1
            following = trial.evaluated() + int(trial.rng.integers(1, 2 * trial.plan.every))
        time.sleep(0.2)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _wait_a_moment(trial: Trial) -> None:
    time.sleep(float(trial.rng.uniform(0, 1)))


def _tell(trial: Trial, statement: str) -> None:
    """Have the database do something, by a connection of one's own."""
    with contextlib.suppress(psycopg.Error), psycopg.connect(trial.database.url, autocommit=True) as server:
        server.execute(statement.encode())
