"""How fast the dashboard is over a large archive, and what it takes: pages, news, fifty open pages, the loop.

An archive with one run of 10,000 candidates is made (SQLite and, where its programs are installed,
PostgreSQL), and the dashboard runs as a process of its own, as people start it. Seconds of pages are those
after a change, so that no page comes from memory; the first look loads libraries, too.

    python -m benchmarks.dashboard [CANDIDATES] [--on sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from nashforge.archive import Archive, NewEvaluation, Run, Status
from nashforge.evolve.service.servers import PostgreSQL
from nashforge.evolve.service.settings import ServiceError
from tests.archive.measure_scale import fill_at_once

NAME = "scale"
OPEN_PAGES = 50
OPEN_SECONDS = 20
OPEN_COMMITS, EVERY = 6, 5
WATCHING, ROUNDS, COMMITS = 5, 16, 40
EVALUATION = 0.05
"""Seconds of what the loop waits for: a fast evaluation."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A dashboard that runs: its process, where it listens, and the token."""

    pid: int
    host: str
    port: int
    token: str

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Return the status and the body of a page."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.request("GET", path, headers={"authorization": f"Bearer {self.token}", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def processor(self) -> float:
        """Return the processor seconds that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Return its resident memory in megabytes."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1000


@contextmanager
def dashboard(url: str) -> Iterator[Server]:
    """Run a dashboard over an archive."""
    command = [sys.executable, "-m", "nashforge", "dashboard", "--port", "0"]
    process = subprocess.Popen(
        command, env={**os.environ, "NASHFORGE_DATABASE": url}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().split()[1])
        token = address.query.partition("=")[2]
        yield Server(process.pid, str(address.hostname), int(address.port or 0), token)
    finally:
        process.terminate()
        process.wait()


def listen(server: Server, run: int, heard: Callable[[], None], stop: threading.Event) -> None:
    """Follow the news of a run as a page does."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=3600)
    connection.request("GET", f"/events?run={run}", headers={"authorization": f"Bearer {server.token}"})
    answer = connection.getresponse()
    first = True
    while not stop.is_set():
        line = answer.readline()
        if not line:
            break
        if line.startswith(b"data:"):
            if not first:
                heard()
            first = False
    connection.close()


def add(archive: Archive, run: Run, number: int) -> None:
    """Store another measured candidate."""
    program = archive.programs.add(f"class Added:\n    number = {number}\n", "cfr")
    candidate = archive.candidates.add(run, program=program, operator="mutate", proposer="offline")
    row = NewEvaluation(program=program.hash, suite="cfr-train", split="train", status=Status.OK)
    archive.candidates.finish(candidate, Status.OK, train=number / 1e6, evaluations=[row])


def pages(server: Server, archive: Archive, run: Run) -> None:
    """Print the seconds of every page."""
    start = run.config["max_evaluations"] // 2
    program = archive.candidates.of(run, start=start, limit=1)[0]
    addresses = {
        "runs": "/runs",
        "run": f"/runs/{NAME}",
        "run over time": f"/runs/{NAME}?x=seconds",
        "lineage, whole": f"/runs/{NAME}/lineage?failed=1",
        "programs": f"/runs/{NAME}/programs",
        "programs, sorted, searched": "/programs?sort=train&dir=desc&q=line",
        "program": f"/programs/{program.program}",
        "program beside a tree": f"/programs/{program.program}/panel",
        "compare": f"/compare?p={program.program}",
        "models": f"/runs/{NAME}/models",
        "studies": "/studies",
        "workers": "/workers",
    }
    for name, address in addresses.items():
        taken, worked = [], []
        for again in range(3):
            archive.notes.add(run, f"look {again}")
            time.sleep(1.1)
            before, began = server.processor(), time.perf_counter()
            status, body = server.get(address)
            taken.append(time.perf_counter() - began)
            worked.append(server.processor() - before)
            assert status == 200, body[:500]
        told = f"{min(taken[1:]):6.2f} s, of a processor {min(worked[1:]):5.2f} s, first {taken[0]:6.2f} s"
        print(f"  {name:28} {told}  {len(body) / 1e3:8.0f} kB")


def news(server: Server, archive: Archive, run: Run) -> None:
    """Print how long after its commit a candidate is on the page of its run."""
    told = threading.Event()
    stop = threading.Event()
    threading.Thread(target=listen, args=(server, run.id, told.set, stop), daemon=True).start()
    time.sleep(3)
    taken = []
    for number in range(8):
        told.clear()
        add(archive, run, number)
        began = time.perf_counter()
        if not told.wait(30):
            print("  no news came within 30 s")
            return
        server.get(f"/runs/{NAME}", **{"hx-request": "true"})
        taken.append(time.perf_counter() - began)
        time.sleep(0.5)
    stop.set()
    print(f"  commit to page: median {statistics.median(taken):.2f} s, longest {max(taken):.2f} s")


@contextmanager
def open_pages(server: Server, run: int, count: int) -> Iterator[None]:
    """Have so many pages of a run open, in a process of their own: what they do is not the search's work."""
    looking = get_context("spawn").Process(target=_look, args=(server, run, count), daemon=True)
    looking.start()
    try:
        time.sleep(6)
        yield
    finally:
        looking.terminate()
        looking.join()


def _look(server: Server, run: int, count: int) -> None:
    def look() -> None:
        server.get(f"/runs/{NAME}", **{"hx-request": "true"})

    never = threading.Event()
    threads = [threading.Thread(target=listen, args=(server, run, look, never)) for _ in range(count)]
    for thread in threads:
        thread.start()


def many(server: Server, archive: Archive, run: Run) -> None:
    """Print what fifty open pages take while nothing happens, and while a candidate comes in now and then.

    Shares of a core are processor seconds over the seconds that were meant to pass, so that they do not
    become smaller on a busy machine, where everything takes longer.
    """
    with open_pages(server, run.id, OPEN_PAGES):
        before, began = server.processor(), time.monotonic()
        time.sleep(OPEN_SECONDS)
        idle = (server.processor() - before) / (time.monotonic() - began)
        print(
            f"  {OPEN_PAGES} pages, nothing happens: {server.memory():.0f} MB, {100 * idle:.1f} % of a core"
        )
        before = server.processor()
        for number in range(OPEN_COMMITS):
            add(archive, run, 1000 + number)
            time.sleep(EVERY)
        share = (server.processor() - before) / (OPEN_COMMITS * EVERY)
        told = f"{server.memory():.0f} MB, {100 * share:.1f} % of a core"
        print(f"  {OPEN_PAGES} pages, a candidate every {EVERY} s: {told}")


def loop(server: Server, archive: Archive, run: Run) -> None:
    """Print how much longer candidates take while five pages are open.

    Turns alternate, a few seconds each: the dashboard is stopped for every other one (SIGSTOP) and goes on
    for the next, with the same pages open. The median of the ratios of neighbours is told with its bootstrap
    interval. On a busy machine, wall seconds tell what others do; processor seconds of the process that
    searches stand beside them.
    """

    def seconds(first: int) -> tuple[float, float]:
        began, worked = time.perf_counter(), time.process_time()
        for number in range(COMMITS):
            add(archive, run, first + number)
            time.sleep(EVALUATION)
        return (time.perf_counter() - began) / COMMITS, (time.process_time() - worked) / COMMITS

    pairs = []
    with open_pages(server, run.id, WATCHING):
        before, working = server.processor(), 0.0
        for turn in range(ROUNDS):
            found: dict[bool, tuple[float, float]] = {}
            for watched in (True, False) if turn % 2 else (False, True):
                os.kill(server.pid, signal.SIGCONT if watched else signal.SIGSTOP)
                began = time.perf_counter()
                found[watched] = seconds(10_000 + 1000 * turn + 500 * watched)
                working += (time.perf_counter() - began) * watched
            pairs.append((found[False], found[True]))
        os.kill(server.pid, signal.SIGCONT)
        share = (server.processor() - before) / working
    for place, clock in enumerate(("wall", "processor")):
        alone = statistics.median(pair[0][place] for pair in pairs)
        slower = _interval([watched[place] / alone[place] for alone, watched in pairs])
        print(
            f"  {clock} time of a candidate, alone {1e3 * alone:.1f} ms; watched by {WATCHING} pages {slower}"
        )
    print(f"  meanwhile, the dashboard takes {100 * share:.0f} % of a core")


def _interval(ratios: list[float]) -> str:
    """Return the median of ratios as a change, with its bootstrap interval."""
    again = np.random.default_rng(0).choice(ratios, size=(2000, len(ratios)))
    low, high = np.percentile(np.median(again, axis=1), (2.5, 97.5))
    return f"{100 * (np.median(ratios) - 1):+.1f} % ({100 * (low - 1):+.1f} to {100 * (high - 1):+.1f})"


def measure(title: str, url: str, candidates: int) -> None:
    """Print all figures of one archive."""
    print(f"{title}, {candidates} candidates")
    with Archive.open(url) as archive:
        fill_at_once(archive, candidates, name=NAME)
        run = archive.runs.claim(archive.runs.get(NAME), "benchmark")
        with dashboard(url) as server:
            pages(server, archive, run)
            news(server, archive, run)
            many(server, archive, run)
            loop(server, archive, run)


def main() -> None:
    """Measure SQLite, and PostgreSQL where it is installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("candidates", nargs="?", type=int, default=10_000)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), help="One of them alone.")
    asked = parser.parse_args()
    candidates: int = asked.candidates
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL runs as another user where we are root
        if asked.on != "postgresql":
            measure("SQLite", str(folder / "large.db"), candidates)
        if asked.on == "sqlite":
            return
        try:
            url = stack.enter_context(PostgreSQL(folder / "postgresql")).url
        except ServiceError as error:
            print(f"PostgreSQL: {error}")
            return
        measure("PostgreSQL", url, candidates)


if __name__ == "__main__":
    main()
