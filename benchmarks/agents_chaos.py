"""Is anything lost when agents, their server and the run die? ``python -m benchmarks.agents_chaos``.

Every trial works on one run that two scripted agents write over HTTP, under leases of seconds. Meanwhile an
agent, the server or the process of the run is killed (-9) at random moments, and started again, the run with
``nashforge resume``. Then it checks that

- what an agent was told to be taken is in the run, as it was told (nothing is lost),
- no token was given to two agents, and no candidate has two answers,
- exactly as many programs were evaluated as the budget has, none twice,
- all candidates are those of a run that nobody disturbed.

Prints a line a trial; the exit code is 1 if one fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nashforge.archive import Archive, ArchiveError, RunState, Status
from nashforge.archive.agents import RequestState
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.http.client import RemoteCore
from nashforge.evolve.agents.http.secrets import read_secret
from nashforge.evolve.domains import domain

NAME = "agents-chaos"
SUITE = 'name = "tiny"\npurpose = "Evaluations of a moment."\ngames = ["kuhn_poker"]\n'
AGENTS = ("ann", "bob")
RULES = (
    *("aod_cfr", "apcfr_plus", "cfr", "dcfr", "dcfr_plus", "hs_dcfr", "hs_pcfr_plus", "late_pcfr_plus"),
    *("lcfr", "mmd", "pcfr_plus", "pdcfr_plus", "sapcfr_plus", "smooth_pcfr_plus", "vad_cfr", "domd"),
)
"""What the agents write, by the position of the candidate: a run is the same whoever writes which."""
LEASE = 4.0


@dataclass(frozen=True)
class Plan:
    """A trial: how many programs and kills, and seconds at most."""

    evaluations: int
    kills: int
    limit: float


def options(folder: Path, evaluations: int) -> list[str]:
    """Return the options of the run: evaluations of a moment, written by agents alone."""
    suite = folder / "tiny.toml"
    suite.write_text(SUITE)
    suites = [word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", str(suite))]
    limits = ["--horizon", "20", "--max-evaluations", str(evaluations), "--seed", "1", "--no-final-test"]
    agents = ["--proposer", "agent", "--agent-fallback", "none", "--agent-lease", str(LEASE)]
    return [*suites, *limits, *agents, "--from", "cfr_plus", "--workers", "1", "--lookahead", "2"]


class Process:
    """A process that is killed, and started again."""

    def __init__(self, folder: Path, name: str, *words: str) -> None:
        self._folder, self.name, self.words = folder, name, list(words)
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        """Start it, with other words if there are any."""
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", *(words or self.words)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def ended(self) -> bool:
        """Whether it does not run."""
        return self.running is None or self.running.poll() is not None

    def kill(self) -> None:
        """Kill it at once."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()


class Trial:
    """One run, its server and its agents, in a folder of their own."""

    def __init__(self, folder: Path, plan: Plan, rng: np.random.Generator) -> None:
        self.folder, self.plan, self.rng = folder, plan, rng
        self.database, self.token = str(folder / "archive.db"), folder / "token"
        with socket.create_server(("127.0.0.1", 0)) as bound:
            port = bound.getsockname()[1]
        place = ["--database", self.database]
        serve = ["agent", "serve", NAME, "--port", str(port), "--token-file", str(self.token)]
        self.run = Process(
            folder,
            "run",
            "nashforge",
            "run",
            "cfr",
            "--name",
            NAME,
            *place,
            *options(folder, plan.evaluations),
        )
        self.server = Process(folder, "server", "nashforge", *serve, *place)
        address = f"http://127.0.0.1:{port}"
        self.agents = [
            Process(
                folder,
                name,
                "benchmarks.agents_chaos",
                "--agent",
                name,
                "--server",
                address,
                "--folder",
                str(folder),
            )
            for name in AGENTS
        ]
        self.done: Counter[str] = Counter()

    def state(self) -> RunState | None:
        """Return where the run stands; None if it was not begun."""
        with contextlib.suppress(ArchiveError), Archive.open(self.database, create=False) as archive:
            return archive.runs.get(NAME).state
        return None

    def tend(self) -> bool:
        """Start again what has ended; return whether the run is finished."""
        for process in (self.server, *self.agents):
            if process.ended:
                process.start()
        if not self.run.ended:
            return False
        state = self.state()
        if state is RunState.FINISHED:
            return True
        resume = ("nashforge", "resume", NAME, "--database", self.database)
        self.run.start(*(resume if state is not None else ()))
        return False

    def disturb(self) -> None:
        """Work on the run until it is finished, and kill something now and then."""
        deadline = time.monotonic() + self.plan.limit
        left = self.plan.kills
        following = time.monotonic() + float(self.rng.uniform(0.5, 3.0))
        while not self.tend():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done after {self.plan.limit:g} s; see {self.folder}")
            if left and time.monotonic() >= following and self.state() is not None:
                victims = [self.run, self.server, *self.agents]
                victim = victims[int(self.rng.integers(len(victims)))]
                victim.kill()
                kind = "agent" if victim in self.agents else victim.name
                self.done[kind] += 1
                left -= 1
                following = time.monotonic() + float(self.rng.uniform(0.3, 2.0))
            time.sleep(0.05)

    def end(self) -> None:
        """Kill what still runs."""
        for process in (self.run, self.server, *self.agents):
            process.kill()


Row = tuple[int, str | None, str, float | None, float | None]


def rows(database: str) -> list[Row]:
    """Return the candidates of the run and what became of them, in order."""
    with Archive.open(database, create=False) as archive:
        found = archive.candidates.of(archive.runs.get(NAME))
    return [(c.index, c.program, str(c.status), c.train, c.validation) for c in found]


def heard(folder: Path) -> list[dict[str, Any]]:
    """Return what the agents wrote down of tokens that they were given and programs that were taken."""
    found = []
    for name in AGENTS:
        journal = folder / f"{name}.journal"
        if journal.exists():
            lines = journal.read_text().splitlines()
            # The last line of a process that was killed may be half a line.
            found += [{"agent": name, **json.loads(line)} for line in lines if line.endswith("}")]
    return found


def faults(folder: Path, database: str, evaluations: int, expected: list[Row]) -> list[str]:
    """Return what is wrong with a finished run; nothing, one hopes."""
    wrong: list[str] = []
    journal = heard(folder)
    holders: dict[str, set[str]] = {}
    for entry in journal:
        holders.setdefault(entry["token"], set()).add(entry["agent"])
    wrong += [f"the token {token} was given to {both}" for token, both in holders.items() if len(both) > 1]
    with Archive.open(database, create=False) as archive:
        run = archive.runs.get(NAME)
        candidates = {c.index: c for c in archive.candidates.of(run)}
        finished = [c for c in candidates.values() if c.status.finished and c.status is not Status.DUPLICATE]
        if len(finished) != evaluations:
            wrong.append(f"{len(finished)} evaluations instead of {evaluations}")
        wrong += [f"#{c.index} is {c.status}" for c in candidates.values() if not c.status.finished]
        requests = archive.requests.of(run)
        answers = Counter(one.index for one in requests if one.state is RequestState.TOLD)
        wrong += [f"#{index} has {count} answers" for index, count in answers.items() if count > 1]
        taken = {one.token for one in requests if one.state is RequestState.TOLD}
        wrong += [
            f"the program told by {entry['token']} for #{entry['index']} was taken, and is lost"
            for entry in journal
            if entry["told"] and (entry["token"] not in taken or candidates[entry["index"]].program is None)
        ]
        measured = archive.evaluations.find(run=run)
        twice = Counter(
            (row.candidate_id, row.split, row.suite_digest) for row in measured if row.candidate_id
        )
        wrong += [f"measured {count} times: {key}" for key, count in twice.items() if count > 1]
    if rows(database) != expected:
        wrong.append("the candidates differ from those of an undisturbed run")
    return wrong


def agent(name: str, address: str, folder: Path) -> int:
    """Write programs as an agent until nothing more is wanted; what it hears is written down at once."""
    file = folder / "token"
    while not file.exists():
        time.sleep(0.1)
    core = RemoteCore(address, read_secret(file), Who(name, "agents_chaos"))
    work = domain("cfr")
    with (folder / f"{name}.journal").open("a") as journal:

        def note(**said: Any) -> None:
            journal.write(json.dumps(said) + "\n")
            journal.flush()

        while True:
            try:
                asked = core.ask(NAME, wait=2.0)
                if asked.stop_reason is not None:
                    return 0
                for task in asked.tasks:
                    note(token=task.token, index=task.index, told=False)
                    answer = core.tell(task.token, work.source(RULES[task.index % len(RULES)]), wait=0.0)
                    taken = answer.status not in ("known", "unreadable")
                    note(token=task.token, index=task.index, told=taken)
            except AgentError as error:  # the server is gone, or the lease has ended: ask again
                print(error, flush=True)
                time.sleep(0.2)


def undisturbed(folder: Path, plan: Plan) -> list[Row]:
    """Do the same run without a kill, and return its candidates."""
    place = folder / "undisturbed"
    place.mkdir()
    trial = Trial(place, Plan(plan.evaluations, 0, 10 * plan.limit), np.random.default_rng(0))
    try:
        trial.disturb()
    finally:
        trial.end()
    return rows(trial.database)


def do_trial(number: int, plan: Plan, root: Path, expected: list[Row]) -> bool:
    """Do one trial, print a line about it, and return whether all was well."""
    began = time.monotonic()
    folder = root / f"trial-{number}"
    folder.mkdir()
    trial = Trial(folder, plan, np.random.default_rng([11, number]))
    wrong: list[str] = []
    try:
        trial.disturb()
        wrong += faults(folder, trial.database, plan.evaluations, expected)
    except TimeoutError as error:
        wrong.append(str(error))
    finally:
        trial.end()
    killed = ", ".join(f"{name} {count}x" for name, count in sorted(trial.done.items())) or "nothing"
    result, seconds = "FAILED" if wrong else "ok", time.monotonic() - began
    print(f"{number:>5}  {result:<6}  {seconds:>5.1f} s  killed: {killed}", flush=True)
    for text in wrong:
        print(f"       {text}", flush=True)
    return not wrong


def main(arguments: list[str] | None = None) -> int:
    """Do the trials; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="number of the first trial")
    parser.add_argument("--evaluations", type=int, default=8, help="programs of a trial, the seed included")
    parser.add_argument("--kills", type=int, default=4, help="kills of a trial")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that a trial may take")
    parser.add_argument("--agent", help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen: Any = parser.parse_args(arguments)
    if chosen.agent:
        return agent(chosen.agent, chosen.server, chosen.folder)
    plan = Plan(chosen.evaluations, chosen.kills, chosen.limit)
    root = Path(tempfile.mkdtemp(prefix="nashforge-agents-chaos-"))
    root.chmod(0o755)
    expected = undisturbed(root, plan)
    print("trial  result     time", flush=True)
    good = sum(do_trial(n, plan, root, expected) for n in range(chosen.first, chosen.first + chosen.trials))
    print(
        f"{good} of {chosen.trials} trials lost nothing, gave no token to two, kept the budget and ended as "
        "an undisturbed run does"
    )
    if good == chosen.trials:
        shutil.rmtree(root)
    return 0 if good == chosen.trials else 1


if __name__ == "__main__":
    sys.exit(main())
