"""Is anything lost when everything dies? `python -m benchmarks.chaos`.

Every trial works on one run with two workers, a PostgreSQL cluster and a broker of its own, and meanwhile
kills workers (-9) and the coordinator (-9), has two coordinators resume at the same time, freezes all of
them, restarts the broker with an empty memory and crashes PostgreSQL, again and again until the run has
ended; what was killed is started again, the coordinator with ``nashforge resume``. Then it checks that there
are exactly as many finished evaluations as asked for, none twice and none lost, that no process is left over,
and that the programs are those of an undisturbed run with the same seed. Prints a line a trial; exit code 1
if one fails.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nashforge.archive import Archive, ArchiveError, NotFound, RunState, Status
from nashforge.archive.work import AttemptState
from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis, Server, spawn
from nashforge.evolve.service.settings import ServiceError

PR_SET_CHILD_SUBREAPER = 36
NAME = "chaos-run"
IMPATIENT = {
    "NASHFORGE_HEARTBEAT_SECONDS": "1",
    "NASHFORGE_STALE_SECONDS": "5",
    "NASHFORGE_SWEEP_SECONDS": "1",
    "NASHFORGE_MAX_ATTEMPTS": "100",
}
"""Deaths are noticed early, and no evaluation is unlucky too often."""
SUITE = 'name = "tiny"\npurpose = "Evaluations of a moment."\ngames = ["kuhn_poker"]\n'


@dataclass(frozen=True)
class Plan:
    """What a trial does: evaluations, how many of them between disturbances, seconds at most."""

    evaluations: int
    every: int
    limit: float
    broker: type[Server]


class Trial:
    """One run and everything that it needs, in a folder of its own."""

    def __init__(self, folder: Path, plan: Plan, rng: np.random.Generator) -> None:
        self.folder, self.plan, self.rng = folder, plan, rng
        self.database = PostgreSQL(folder / "postgresql")
        self.broker = plan.broker(folder / "broker")
        self.suite = folder / "tiny.toml"
        self.suite.write_text(SUITE)
        (folder / "run.toml").write_text("lookahead = 4\n")
        self.known = 0
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.done: Counter[str] = Counter()

    def start(self, name: str, *words: str) -> None:
        """Start a command of nashforge under a name."""
        self.processes[name] = spawn(
            [sys.executable, "-m", "nashforge", *words],
            self.folder / f"{name}.log",
            env={**os.environ, **self.environment},
        )

    @property
    def environment(self) -> dict[str, str]:
        """Where everything is."""
        return {"NASHFORGE_DATABASE": self.database.url, "NASHFORGE_BROKER": self.broker.url, **IMPATIENT}

    def worker(self, name: str) -> None:
        """Start a worker; a name is used once, as processes are."""
        self.start(name, "worker", "--slots", "1", "--log-format", "json")

    def coordinator(self, name: str = "coordinator") -> None:
        """Start the run, or resume it if it was begun."""
        command = ["resume", NAME] if self.state() is not None else ["run", "cfr", "--name", NAME]
        if command[0] == "run":
            command += run_options(self.suite, self.plan.evaluations)
            command += ["--executor", "celery", "--config", str(self.folder / "run.toml")]
        self.start(name, *command)

    def state(self) -> RunState | None:
        """Return where the run stands; None if it was not begun, or cannot be seen now."""
        with contextlib.suppress(ArchiveError), Archive.open(self.database.url, create=False) as archive:
            return archive.runs.get(NAME).state
        return None

    def kill(self, name: str) -> None:
        """Kill a process at once."""
        self.processes[name].kill()
        self.processes[name].wait()

    # What is done to it.

    def kill_worker(self) -> None:
        """Kill one of the workers, and start it again."""
        name = str(self.rng.choice(["worker-1", "worker-2"]))
        self.kill(name)
        self.worker(name)

    def kill_coordinator(self) -> None:
        """Kill the process that works on the run; `tend` resumes it."""
        self.kill("coordinator")

    def rush_coordinators(self) -> None:
        """Kill the process that works on the run, and have two others resume it at the same time."""
        self.kill("coordinator")
        self.coordinator()
        self.coordinator("rival")

    def freeze(self) -> None:
        """Stop all that works on the run for longer than it takes to be taken for dead, and let it go on."""
        frozen = [process for process in self.processes.values() if process.poll() is None]
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        time.sleep(1.5 * float(IMPATIENT["NASHFORGE_STALE_SECONDS"]))
        for process in frozen:
            process.send_signal(signal.SIGCONT)

    def restart_broker(self) -> None:
        """Kill the broker, and start it again with nothing in it."""
        self.broker.kill()
        shutil.rmtree(self.broker.folder / "mnesia", ignore_errors=True)
        time.sleep(float(self.rng.uniform(0, 1)))
        self.broker.start()

    def crash_database(self) -> None:
        """Have PostgreSQL end at once, and start it again: it recovers from its log."""
        self.database.kill()
        time.sleep(float(self.rng.uniform(0, 1)))
        self.database.start()

    def tend(self) -> bool:
        """Start again what gave up by itself, as any supervisor does; return whether the run has ended."""
        for name in ("worker-1", "worker-2"):
            if self.processes[name].poll() is not None:
                self.worker(name)
        rival = self.processes.pop("rival", None)
        if rival is not None and rival.poll() is None:
            if self.processes["coordinator"].poll() is None:
                self.processes["rival"] = rival  # one of the two will be refused
            else:
                self.processes["coordinator"] = rival
        if self.processes["coordinator"].poll() is None:
            return False
        if self.state() is RunState.FINISHED:
            return True
        self.coordinator()
        return False

    def evaluated(self) -> int:
        """Return how many candidates are finished; as many as before if that cannot be seen now."""
        with contextlib.suppress(ArchiveError), Archive.open(self.database.url, create=False) as archive:
            counts = archive.candidates.counts(archive.runs.get(NAME))
            self.known = sum(count for status, count in counts.items() if status.finished)
        return self.known

    def disturb_until_done(self) -> None:
        """Work on the run and disturb it, with every kind of disturbance in turn, until it has ended."""
        kinds: list[Callable[[], None]] = [
            self.kill_worker,
            self.kill_coordinator,
            self.rush_coordinators,
            self.freeze,
            self.restart_broker,
            self.crash_database,
        ]
        order: list[int] = []
        self.worker("worker-1")
        self.worker("worker-2")
        self.coordinator()
        deadline = time.monotonic() + self.plan.limit
        following = int(self.rng.integers(1, self.plan.every + 1))
        while not self.tend():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done after {self.plan.limit:g} s; see {self.folder}")
            if self.evaluated() >= following:
                # At any moment of whatever is going on.
                time.sleep(float(self.rng.uniform(0, 0.5)))
                order = order or [int(k) for k in self.rng.permutation(len(kinds))]
                kind = kinds[order.pop()]
                kind()
                self.done[kind.__name__] += 1
                following = self.evaluated() + int(self.rng.integers(1, 2 * self.plan.every))
            time.sleep(0.2)

    def end(self) -> None:
        """Ask everything to end that still runs."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_options(suite: Path, evaluations: int) -> list[str]:
    """Return the options of the run: evaluations of a moment, no final test."""
    suites = [word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", str(suite))]
    limits = ["--horizon", "20", "--max-evaluations", str(evaluations)]
    return [*suites, *limits, "--seed", "1", "--no-final-test"]


Row = tuple[int, str | None, str, float | None, float | None]


def programs(database: str) -> list[Row]:
    """Return what the run proposed and what became of it, in order."""
    with Archive.open(database, create=False) as archive:
        found = archive.candidates.of(archive.runs.get(NAME))
    return [(c.index, c.program, str(c.status), c.train, c.validation) for c in found]


def undisturbed(folder: Path, evaluations: int) -> list[Row]:
    """Do the same run on this machine, and return its programs."""
    (folder / "tiny.toml").write_text(SUITE)
    (folder / "run.toml").write_text("lookahead = 4\n")
    place = str(folder / "undisturbed.db")
    options = [*run_options(folder / "tiny.toml", evaluations), "--config", str(folder / "run.toml")]
    command = [sys.executable, "-m", "nashforge", "run", "cfr", "--name", NAME, "--database", place, *options]
    subprocess.run(command, check=True, capture_output=True)
    return programs(place)


def faults(database: str, evaluations: int, expected: list[Row]) -> list[str]:
    """Return what is wrong with a finished run; nothing, one hopes."""
    found = []
    with Archive.open(database, create=False) as archive:
        run = archive.runs.get(NAME)
        candidates = archive.candidates.of(run)
        finished = [c for c in candidates if c.status.finished and c.status is not Status.DUPLICATE]
        if len(finished) != evaluations:
            found.append(f"{len(finished)} finished evaluations instead of {evaluations}")
        found += [f"#{c.index} is {c.status}" for c in candidates if not c.status.finished]
        found += [f"#{c.index} was lost: {c.reason}" for c in candidates if c.status is Status.INFRASTRUCTURE]
        rows = archive.evaluations.find(run=run)
        twice = Counter((e.candidate_id, e.program, e.split, e.suite_digest) for e in rows)
        found += [f"measured {n} times: {key}" for key, n in twice.items() if n > 1]
        measured = {e.candidate_id for e in rows if e.split == "train" and e.status is Status.OK}
        scored = [c for c in candidates if c.train is not None]
        found += [f"#{c.index} has no measurement" for c in scored if c.id not in measured]
        still = archive.queue.attempts(run=run, state=[AttemptState.QUEUED, AttemptState.RUNNING])
        found += [f"attempt {a.token} is still {a.state}" for a in still]
    if programs(database) != expected:
        differ = next(
            (k for k, (a, b) in enumerate(zip(programs(database), expected, strict=False)) if a != b), None
        )
        found.append(f"the programs differ from those of an undisturbed run, first at {differ}")
    return found


def lost_attempts(database: str) -> int:
    """Return how many attempts were lost and made again."""
    with Archive.open(database, create=False) as archive:
        return len(archive.queue.attempts(run=archive.runs.get(NAME), state=[AttemptState.LOST]))


def left_over(seconds: float = 15.0) -> list[str]:
    """Return the processes that are left of this one's descendants, after some time to end."""
    deadline = time.monotonic() + seconds
    while (found := _children(os.getpid())) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _children(pid: int) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state not in "ZX":
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{entry.name} {command[:100]}")
    return found


def do_trial(number: int, plan: Plan, root: Path, expected: list[Row]) -> bool:
    """Do one trial, print a line about it, and return whether all was well."""
    began = time.monotonic()
    folder = root / f"trial-{number}"
    folder.mkdir()
    folder.chmod(0o755)
    wrong: list[str] = []
    lost = 0
    trial = Trial(folder, plan, np.random.default_rng([7, number]))
    try:
        with trial.database, trial.broker:
            Archive.open(trial.database.url).close()
            try:
                trial.disturb_until_done()
            finally:
                trial.end()
            wrong += faults(trial.database.url, plan.evaluations, expected)
            lost = lost_attempts(trial.database.url)
    except (TimeoutError, NotFound, ServiceError) as error:
        wrong.append(str(error))
    wrong += [f"left over: {process}" for process in left_over()]
    said = ", ".join(f"{name.replace('_', ' ')} {count}x" for name, count in sorted(trial.done.items()))
    print(
        f"trial {number}: {'ok' if not wrong else 'FAILED'}, {plan.evaluations} evaluations, "
        f"{time.monotonic() - began:.0f} s, {said}; {lost} attempts lost and repeated",
        flush=True,
    )
    for text in wrong:
        print(f"  {text}", flush=True)
    if not wrong:
        shutil.rmtree(folder)
    return not wrong


def main(arguments: list[str] | None = None) -> int:
    """Do the trials; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first trial")
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--every", type=int, default=12, help="mean evaluations between disturbances")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds that a trial may take")
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis")
    chosen: Any = parser.parse_args(arguments)
    # Orphans become children of this process, where they are seen.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    broker = {"redis": Redis, "rabbitmq": RabbitMQ}[chosen.broker]
    plan = Plan(chosen.evaluations, chosen.every, chosen.limit, broker)
    root = Path(tempfile.mkdtemp(prefix="nashforge-chaos-"))
    root.chmod(0o755)
    expected = undisturbed(root, plan.evaluations)
    numbers = range(chosen.first, chosen.first + chosen.trials)
    good = sum(do_trial(number, plan, root, expected) for number in numbers)
    print(f"{good} of {chosen.trials} trials lost nothing, repeated nothing and left nothing over")
    if good == chosen.trials:
        shutil.rmtree(root)
    return 0 if good == chosen.trials else 1


if __name__ == "__main__":
    sys.exit(main())
