"""One run and everything that works on it, in a folder of its own, and the commands that it is done by."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.chaos.clock import MovablePostgreSQL
from benchmarks.chaos.relay import Relay
from benchmarks.chaos.terminal import Terminal
from nashforge.archive import Archive, ArchiveError, RunState
from nashforge.evolve.service.servers import Server
from nashforge.evolve.service.spawning import spawn

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
    """A run, its database behind a relay, its broker, its workers and its coordinators."""

    def __init__(self, folder: Path, plan: Plan, rng: np.random.Generator) -> None:
        self.folder, self.plan, self.rng = folder, plan, rng
        self.database = MovablePostgreSQL(folder / "postgresql")
        self.broker = plan.broker(folder / "broker")
        self.relay = Relay(self.database.port)
        write_suite(folder)
        self.known = 0
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.terminals: dict[str, Terminal] = {}
        self.done: Counter[str] = Counter()

    @property
    def environment(self) -> dict[str, str]:
        """Where everything is."""
        behind = self.database.url.replace(f":{self.database.port}/", f":{self.relay.port}/")
        own = {"NASHFORGE_DATABASE": behind, "NASHFORGE_BROKER": self.broker.url, **IMPATIENT}
        return {**os.environ, **own}

    def worker(self, name: str) -> None:
        """Start a worker."""
        words = ["worker", "--slots", "1", "--log-format", "json"]
        self.processes[name] = spawn(_nashforge(*words), self._log(name), env=self.environment)

    def coordinator(self, name: str = "coordinator") -> None:
        """Start the run at a terminal, or resume it if it was begun."""
        words = ["resume", NAME] if self.state() is not None else ["run", "cfr", "--name", NAME]
        if words[0] == "run":
            words += [*run_options(self.folder, self.plan.evaluations), "--executor", "celery"]
        terminal = self.terminals[name] = Terminal()
        self.processes[name] = terminal.start(_nashforge(*words), self._log(name), self.environment)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def state(self) -> RunState | None:
        """Return where the run stands; None if it was not begun, or cannot be seen now."""
        with contextlib.suppress(ArchiveError), Archive.open(self.database.url, create=False) as archive:
            return archive.runs.get(NAME).state
        return None

    def evaluated(self) -> int:
        """Return how many candidates are finished; as many as before if that cannot be seen now."""
        with contextlib.suppress(ArchiveError), Archive.open(self.database.url, create=False) as archive:
            counts = archive.candidates.counts(archive.runs.get(NAME))
            self.known = sum(count for status, count in counts.items() if status.finished)
        return self.known

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
                self.terminals["coordinator"] = self.terminals["rival"]
        if self.processes["coordinator"].poll() is None:
            return False
        if self.state() is RunState.FINISHED:
            return True
        self.coordinator()
        return False

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
        self.relay.close()


def _nashforge(*words: str) -> list[str]:
    return [sys.executable, "-m", "nashforge", *words]


def write_suite(folder: Path) -> Path:
    """Write the suite and the configuration of the run; return the suite."""
    (folder / "run.toml").write_text("lookahead = 4\n")
    suite = folder / "tiny.toml"
    suite.write_text(SUITE)
    return suite


def run_options(folder: Path, evaluations: int) -> list[str]:
    """Return the options of the run: evaluations of a moment, no final test."""
    suite = str(folder / "tiny.toml")
    suites = [word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", suite)]
    limits = ["--horizon", "20", "--max-evaluations", str(evaluations), "--config", str(folder / "run.toml")]
    return [*suites, *limits, "--seed", "1", "--no-final-test"]
