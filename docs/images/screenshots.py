"""Makes the pictures of the dashboard and of reports in the documentation, from searches of its own.

    make pictures                                      # or: .venv/bin/python docs/images/screenshots.py
    .venv/bin/python docs/images/screenshots.py --archive pictures.db   # kept, and used again if it is there

The searches are small, seeded, and by the offline proposer: some minutes of a processor. Needs Chromium and
the packages of ``make install-dev``. Writes ``dashboard-*.png`` and ``report.png`` beside itself.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from nashforge.archive import Archive
from nashforge.cli.dashboard.app import application
from nashforge.cli.report.whole import report_page
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.results.studies import study_status

HERE = Path(__file__).parent
SECRET = "only-for-these-pictures"
SIZE = {"width": 1280, "height": 860}
COLOURS = 96

RUN, STUDY, POLICIES = "amber-heron", "three-seeds", "quiet-orchard"
SMALL = [word for split in ("", "validation-", "test-") for word in (f"--{split}suite", "papers-train")]
ORCHARD = [word for split in ("", "validation-", "test-") for word in (f"--{split}suite", "gathering-small")]
SEARCHES: dict[str, list[str]] = {
    POLICIES: ["gathering", *ORCHARD, "--max-evaluations", "12"],
    STUDY: ["cfr", *SMALL, "--horizon", "40", "--seeds", "0-2", "--max-evaluations", "25"],
    RUN: ["cfr", *SMALL, "--horizon", "40", "--seed", "7", "--max-evaluations", "60"],
}
"""Searches by name, in this order: options of ``nashforge run``."""


def search(database: Path) -> None:
    """Make those of the searches that an archive lacks."""
    for name, options in SEARCHES.items():
        with Archive.open(database) as archive:
            named = {run.nickname for run in archive.runs.newest()}
            if name in named or archive.studies.named(name) is not None:
                continue
        print(f"nashforge run {' '.join(options)}", flush=True)
        command = [sys.executable, "-m", "nashforge", "run", *options, "--name", name, "--json"]
        environment = {**os.environ, "NASHFORGE_DATABASE": str(database)}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def pages(archive: Archive, run: str, study: str, policies: str) -> dict[str, str]:
    """Return the pages that are shown, and where they are."""
    result = run_status(archive, archive.runs.get(run)).result
    best, start = result.best, result.seed
    found = study_status(archive, archive.studies.get(study)).finalists
    policy = run_status(archive, archive.runs.get(policies)).result.best
    assert best is not None, f"{run} has measured no program"
    assert policy is not None, f"{policies} has measured no program"
    # By measurements on the same games: of one run, the best, the start, and what the study has found.
    beside = dict.fromkeys(one.nickname for one in (best, start, *(each.candidate for each in found)) if one)
    return {
        "runs": "/runs",
        "run": f"/runs/{run}",
        "lineage": f"/runs/{run}/lineage",
        "programs": f"/runs/{run}/programs?sort=train&dir=desc",
        "program": f"/programs/{best.program}",
        "compare": "/compare?" + urlencode({"p": " ".join(name for name in beside if name)}),
        "studies": "/studies",
        "study": f"/studies/{study}",
        "workers": "/workers",
        "episode": f"/programs/{policy.program}/episode",
        "equilibria": "/equilibria?" + urlencode({"game": "0 -1 1 / 1 0 -1 / -1 1 0"}),
    }


DARK = ("run",)
"""Pages of which there is a picture for people who read in the dark, too."""


@contextmanager
def served(archive: Archive) -> Iterator[str]:
    """Serve the dashboard of an archive; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(uvicorn.Config(application(archive, SECRET), log_level="error"))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        serving.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        serving.join()


def take(page: Any, name: str) -> None:
    """Take a picture of what a browser shows, in few colours."""
    page.wait_for_timeout(1500)
    # Where the archive lies is nobody's business.
    page.evaluate("() => { const at = document.querySelector('.where'); if (at) at.textContent = ''; }")
    target = HERE / f"{name}.png"
    page.screenshot(path=target)
    Image.open(target).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    print(f"{target.name} {target.stat().st_size / 1000:.0f} kB")


def draw(archive: Archive) -> None:
    """Write the pictures."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        sys.exit("no browser is installed; install Chromium (looked for chromium and google-chrome)")
    with tempfile.TemporaryDirectory() as place, served(archive) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        report = Path(place) / "report.html"
        report.write_text(report_page(archive, archive.runs.get(RUN), tier=None)[0], encoding="utf-8")
        for mode in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=mode)
            page.set_default_timeout(120_000)
            page.goto(f"{address}/runs?token={SECRET}")
            for title, where in pages(archive, RUN, STUDY, POLICIES).items():
                if mode == "light" or title in DARK:
                    page.goto(address + where)
                    if title == "episode":
                        page.get_by_role("button", name="Play it").click()
                        page.wait_for_selector(".player input[max]:not([max='0'])")
                    take(page, f"dashboard-{title}{'' if mode == 'light' else '-dark'}")
            if mode == "light":
                page.goto(report.as_uri())
                take(page, "report")
        browser.close()


def main() -> None:
    """Search, and draw."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--archive", type=Path, help="Where the searches are stored; kept.")
    kept: Path | None = asked.parse_args().archive
    with tempfile.TemporaryDirectory() as place:
        database = kept or Path(place) / "pictures.db"
        search(database)
        with Archive.open(database, create=False) as archive:
            draw(archive)


if __name__ == "__main__":
    main()
