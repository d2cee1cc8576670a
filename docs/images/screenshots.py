"""Pictures of the dashboard for the documentation: ``python docs/images/screenshots.py RUN [PROGRAM ...]``.

RUN is a finished run of the archive (``NASHFORGE_DATABASE``); the PROGRAMs stand beside
its best in the comparison.
Needs Chromium and the packages of ``make install-dev``. Writes ``docs/images/dashboard-*.png``.
"""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from nashforge.archive import Archive
from nashforge.cli.dashboard.app import application
from nashforge.evolve.results.run_status import run_status

HERE = Path(__file__).parent
SECRET = "only-for-these-pictures"
SIZE = {"width": 1280, "height": 860}
COLOURS = 96


def pages(archive: Archive, name: str, others: list[str]) -> dict[str, str]:
    """Return the pages that are shown, and where they are."""
    run = archive.runs.get(name)
    best = run_status(archive, run).result.best
    assert best is not None, f"{name} has measured no program"
    compared = urlencode({"p": " ".join([best.nickname or "", *others])})
    return {
        "runs": "/runs",
        "run": f"/runs/{run.nickname}",
        "lineage": f"/runs/{run.nickname}/lineage",
        "programs": f"/runs/{run.nickname}/programs?sort=train&dir=desc",
        "program": f"/programs/{best.program}",
        "compare": f"/compare?{compared}",
        "studies": "/studies",
        "workers": "/workers",
        "equilibria": "/equilibria?" + urlencode({"game": "0 -1 1 / 1 0 -1 / -1 1 0"}),
    }


def main(name: str, *others: str) -> None:
    """Write the pictures."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with Archive.open(create=False) as archive, socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(uvicorn.Config(application(archive, SECRET), log_level="error"))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        serving.start()
        while not server.started:
            time.sleep(0.05)
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)
            page.set_default_timeout(120_000)
            page.goto(f"{address}/runs?token={SECRET}")
            # Where the archive lies is nobody's business.
            for title, path in pages(archive, name, list(others)).items():
                page.goto(address + path)
                page.wait_for_timeout(1500)
                page.evaluate("document.querySelector('.where').textContent = ''")
                target = HERE / f"dashboard-{title}.png"
                page.screenshot(path=target)
                Image.open(target).convert("RGB").quantize(COLOURS).save(target, optimize=True)
                print(f"{target} {target.stat().st_size / 1000:.0f} kB")
            browser.close()
        server.should_exit = True
        serving.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
