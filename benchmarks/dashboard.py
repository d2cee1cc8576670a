"""How fast the dashboard is over a large archive, and what it takes: pages, news, fifty open pages, the loop.

An archive with one run of 10,000 candidates is made (SQLite and, where its programs are installed,
PostgreSQL), and the dashboard runs as a process of its own, as people start it. Seconds of pages are those
after a change, so that no page comes from memory; the first look loads libraries, too.

    python -m benchmarks.dashboard [CANDIDATES]
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nashforge.archive import Archive, NewEvaluation, Run, Status
from nashforge.evolve.service.servers import PostgreSQL
from nashforge.evolve.service.settings import ServiceError
from tests.archive.measure_scale import fill_at_once

NAME = "scale"
OPEN_PAGES = 50
OPEN_SECONDS = 20
COMMITS = 60
ROUNDS = 4
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


def many(server: Server, archive: Archive, run: Run) -> None:
    """Print what fifty open pages take while a candidate comes in every second."""
    stop = threading.Event()

    def look() -> None:
        server.get(f"/runs/{NAME}", **{"hx-request": "true"})

    for _ in range(OPEN_PAGES):
        threading.Thread(target=listen, args=(server, run.id, look, stop), daemon=True).start()
    time.sleep(5)
    for title, commits in (("nothing happens", 0), ("a candidate every 5 s", OPEN_SECONDS // 5)):
        before, began = server.processor(), time.monotonic()
        for number in range(commits):
            add(archive, run, 1000 + number)
            time.sleep(5)
        time.sleep(max(0.0, OPEN_SECONDS - (time.monotonic() - began)))
        share = (server.processor() - before) / (time.monotonic() - began)
        print(f"  {OPEN_PAGES} pages, {title}: {server.memory():.0f} MB, {100 * share:.1f} % of a core")
    stop.set()


def loop(url: str, archive: Archive, run: Run) -> None:
    """Print how much longer commits of candidates take while five pages are open; alternated."""

    def seconds(first: int) -> float:
        began = time.perf_counter()
        for number in range(COMMITS):
            add(archive, run, first + number)
            time.sleep(0.05)  # what a fast evaluation takes
        return (time.perf_counter() - began) / COMMITS

    alone, watched = [], []
    for turn in range(ROUNDS):
        alone.append(seconds(10_000 + 1000 * turn))
        with dashboard(url) as server:
            stop = threading.Event()
            for _ in range(5):
                look = lambda: server.get(f"/runs/{NAME}", **{"hx-request": "true"})  # noqa: E731
                threading.Thread(target=listen, args=(server, run.id, look, stop), daemon=True).start()
            time.sleep(6)
            watched.append(seconds(100_000 + 1000 * turn))
            stop.set()
    ratio = statistics.median(b / a for a, b in zip(alone, watched, strict=True))
    print(f"  a candidate, alone {1e3 * statistics.median(alone):.1f} ms; watched {100 * (ratio - 1):+.1f} %")


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
        loop(url, archive, run)


def main() -> None:
    """Measure SQLite, and PostgreSQL where it is installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("candidates", nargs="?", type=int, default=10_000)
    candidates = parser.parse_args().candidates
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL runs as another user where we are root
        measure("SQLite", str(folder / "large.db"), candidates)
        try:
            url = stack.enter_context(PostgreSQL(folder / "postgresql")).url
        except ServiceError as error:
            print(f"PostgreSQL: {error}")
            return
        measure("PostgreSQL", url, candidates)


if __name__ == "__main__":
    main()
