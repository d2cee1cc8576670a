"""Pages in a real browser: live, usable, with their state in the address, and nothing from elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import expect, sync_playwright

from nashforge.archive import Archive, CallStatus, Parent, RunState, Status
from nashforge.archive.agents import RequestState
from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.cli.dashboard.app import application
from nashforge.solvers import rule_source

from ..hostile import hostile_run
from .conftest import SECRET

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROW, WIDE = 420, 1280
SECONDS = 60_000
"""Milliseconds that a page may take on a machine that has much else to do."""

# Contrast as WCAG 2 defines it, of all text that is seen, against the nearest background that is not clear.
LOW_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length && (colour.length === 3 || colour[3] > 0.99)) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("script, svg, [hidden], option")) continue;
    if (!element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim().slice(0, 30)}`);
  }
  return found;
}"""

NAMED = "input:not([type=hidden]), select, textarea, button, a, progress, img, [role=img], [role=application]"
UNNAMED = """(named) => [...document.querySelectorAll(named)]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.ariaLabel || e.labels?.length || e.textContent.trim() || e.alt || e.title))
  .map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """Return a browser; where there is none, tests are skipped, or fail if one is required."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        reason = f"no browser is installed (looked for {', '.join(BROWSERS)})"
        if os.environ.get("NASHFORGE_REQUIRE_BROWSER", "0") not in ("", "0"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Iterator[Archive]:
    """Return an archive with a run that is under way."""
    path = tmp_path_factory.mktemp("browser") / "runs.db"
    with Archive.open(path) as opened:
        config = {"domain": "cfr", "max_evaluations": 30, "train": "tiny", "horizon": 50}
        run = opened.runs.create("cfr", config, nickname="clear-brook")
        opened.runs.set_state(run, RunState.RUNNING)
        opened.notes.add(
            run, "A note that is long enough to be cut where the table of runs has no room for it."
        )
        for index in range(9):
            add(opened, index)
        failed = opened.candidates.add(run, operator="mutate", proposer="offline")
        opened.candidates.finish(failed, Status.CRASHED, reason="ZeroDivisionError: division by zero")
        study = opened.studies.create("cfr", config, nickname="two-seeds")
        for seed in range(2):
            one = opened.runs.create("cfr", config, seed=seed, nickname=f"two-seeds-{seed}")
            opened.studies.add_run(study, one, seed)
            for index in range(4):
                add(opened, index + 10 * seed, one.nickname)
        hostile_run(path)
        strain(opened, opened.runs.get("bad-news"))
        yield opened


def strain(archive, run):
    """Add to a run what has no end and no place to break, wherever others write, and a request of it."""
    long = "x" * 2000
    archive.notes.add(run, long, author=long)
    archive.runs.set_value(run, "tags", [long])
    archive.runs.set_value(run, "bandit", {long[:50]: {"asked": 2.0, "told": 2.0, "gain": 1.0, "cost": 0.5}})
    for status in (Status.CRASHED, Status.PROPOSING):
        candidate = archive.candidates.add(run, operator=long, proposer=long, note=long)
        if status is Status.CRASHED:
            archive.candidates.finish(candidate, status, reason=long)
    call = archive.calls.reserve(
        run, provider="p", model="m", request={"user": long}, reserved_cost=0.1, candidate=candidate
    )
    archive.calls.settle(call, CallStatus.OK, cost=0.05, response={"text": long})
    start = archive.candidates.of(run)[0]
    finding = {"probe": "recognition", "severity": "hack", "text": long, "lines": list(range(99))}
    archive.verdicts.add(start.program, Verdict.HACK, by=long, version="audit-1", findings=[finding])
    parent = {
        "candidate": start.id,
        "index": 0,
        "program": long,
        "hash": start.program,
        "source": long,
        "fitness": 0.5,
    }
    payload = {"system": "abc", "user": long, "base": long, "donors": [], "parent": parent}
    archive.runs.set_value(run, "system abc", long)
    archive.requests.open(run, candidate, index=candidate.index, kind="edit", payload=payload)
    archive.requests.claim(run, author=long, client="nashforge-dashboard", seconds=900)


def add(archive, index, name="clear-brook"):
    """Store another candidate, better than all before, made from the one half way."""
    run = archive.runs.get(name)
    there = archive.candidates.of(run, status=[Status.OK])
    parents = [Parent(there[len(there) // 2].id)] if there else []
    candidate = archive.candidates.add(run, operator="mutate", proposer="offline", parents=parents)
    program = archive.programs.add(rule_source("cfr_plus") + f"# change {index}\n", "cfr")
    archive.candidates.set_program(candidate, program, note=f"change number {index}")
    archive.candidates.finish(candidate, Status.OK, train=float(index), validation=index - 0.5)
    return program


@pytest.fixture(scope="module")
def address(archive) -> Iterator[str]:
    """Return where a dashboard of the archive listens."""
    config = uvicorn.Config(
        application(archive, SECRET, can_control=True), log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        serving.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        serving.join()


class Watched:
    """A page that notes what it asks for beyond this machine, and what goes wrong in it."""

    def __init__(self, browser, address, *, width=WIDE, mode="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode)
        self.page = self.context.new_page()
        self.page.set_default_timeout(SECONDS)
        self.strange, self.wrong, self.address = [], [], address
        self.context.route("**/*", self._route)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.page.goto(f"{address}/runs?token={SECRET}")

    def _route(self, route):
        if urlsplit(route.request.url).hostname != "127.0.0.1":
            self.strange.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def visit(self, path):
        self.page.goto(self.address + path, wait_until="load")
        return self.page

    def __enter__(self):
        return self

    def __exit__(self, kind, *_rest):
        self.context.close()  # first: a server waits for the streams of pages that are open
        if kind is None:
            assert self.strange == []
            assert self.wrong == []


def paths(archive):
    program = archive.candidates.of(archive.runs.get("clear-brook"))[3].program
    bad = archive.runs.get("bad-news")
    return [
        "/runs",
        "/runs/clear-brook",
        "/runs/clear-brook/lineage?failed=1",
        "/runs/clear-brook/programs",
        "/runs/clear-brook/models",
        f"/programs/{program}",
        "/compare",
        "/studies",
        "/studies/two-seeds",
        "/workers",
        "/equilibria?game=1+-1+/+-1+1",
        "/runs/bad-news",
        "/runs/bad-news/programs",
        "/runs/bad-news/models",
        *(f"/programs/{item.program}" for item in archive.candidates.of(bad) if item.program),
        "/compare?" + "&".join(f"p={item.program}" for item in archive.candidates.of(bad) if item.program),
        *(f"/runs/bad-news/requests/{one.token}" for one in archive.requests.of(bad)),
    ]


@pytest.mark.parametrize(("width", "mode"), [(WIDE, "light"), (NARROW, "dark")])
def test_pages_are_read_at_any_width_and_load_nothing_from_elsewhere(chromium, address, archive, width, mode):
    with Watched(chromium, address, width=width, mode=mode) as watched:
        for path in paths(archive):
            page = watched.visit(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(LOW_CONTRAST) == [], path
            assert page.evaluate(UNNAMED, NAMED) == [], path
            levels = page.evaluate("[...document.querySelectorAll('h1')].length")
            assert levels == 1, path


def test_a_request_beyond_this_machine_would_be_seen(chromium, address):
    with Watched(chromium, address) as watched:
        watched.page.evaluate("fetch('https://example.com/').catch(() => null)")
        assert watched.wrong, "the policy of the pages refuses it before it is sent"
        watched.wrong.clear()


def test_what_is_committed_appears_by_itself(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook")
        page.wait_for_selector(".plot canvas")
        page.evaluate("window.marked = true")
        program = add(archive, 20)
        expect(page.locator(".tile.grow")).to_contain_text(program.nickname, timeout=SECONDS)
        assert page.evaluate("window.marked"), "the page was not loaded again"
        assert "20" in page.evaluate("document.getElementById('history').textContent")
        page.wait_for_selector(".plot canvas")
        assert page.locator(".plot canvas").count() == 1


def test_news_close_nothing_that_a_reader_has_opened(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook")
        page.get_by_text("Note, tags, name").click()
        page.get_by_role("textbox", name="Note").press_sequentially("half a sent")
        program = add(archive, 40)
        expect(page.locator(".tile.grow")).to_contain_text(program.nickname, timeout=SECONDS)
        page.keyboard.type("ence")
        note = page.get_by_role("textbox", name="Note")
        assert note.is_visible()
        assert note.input_value() == "half a sentence"


def test_addresses_carry_what_was_chosen(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook")
        page.get_by_role("link", name="processor time").click()
        page.wait_for_url("**/runs/clear-brook?x=seconds")
        page = watched.visit("/runs/clear-brook/programs")
        page.get_by_role("link", name="train").click()
        page.wait_for_url("**sort=train**")
        first = page.locator("tbody tr th").first.inner_text()
        page.goto(page.url)
        assert page.locator("tbody tr th").first.inner_text() == first


def test_a_tree_is_walked_by_mouse_and_keys(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook/lineage")
        panel = page.locator("#panel")
        node = page.locator("svg.tree circle").nth(2)
        title = node.get_attribute("data-t")
        node.click()
        name = title.split()[1]
        expect(panel.locator("h2")).to_contain_text(name, timeout=SECONDS)
        assert f"at={node.get_attribute('data-p')}" in page.url
        again = page.url
        page.locator("svg.tree").focus()
        page.keyboard.press("ArrowUp")
        expect(panel.locator("h2")).not_to_contain_text(name, timeout=SECONDS)
        assert page.url != again
        page.goto(again)
        assert name in panel.locator("h2").inner_text()
        before = page.locator("svg.tree").get_attribute("viewBox")
        page.get_by_role("button", name="Zoom in").click()
        assert page.locator("svg.tree").get_attribute("viewBox") != before


def test_news_leave_trees_and_tables_as_a_reader_has_put_them(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook/lineage")
        tree = page.locator("svg.tree")
        nodes = tree.locator("circle").count()
        tree.locator("circle").nth(2).click()
        page.get_by_role("button", name="Zoom in").click()
        view = tree.get_attribute("viewBox")
        for count in (1, 2):
            add(archive, 50 + count)
            expect(tree.locator("circle")).to_have_count(nodes + count, timeout=SECONDS)
        page.wait_for_function(
            "(view) => document.getElementById('tree').getAttribute('viewBox') === view", arg=view
        )
        chosen = "document.getElementById('tree').dataset.chosen"
        page.evaluate("window.told = []; document.addEventListener('program', (e) => told.push(e.detail))")
        tree.focus()
        page.keyboard.press("ArrowUp")
        assert page.evaluate("told") == [page.evaluate(chosen)], (
            "one step a key, however many news there were"
        )
        page = watched.visit("/studies/two-seeds")
        rows = page.locator("table.sortable tbody th")
        page.get_by_role("button", name="seed", exact=True).click()
        page.get_by_role("button", name="seed", exact=True).click()
        expect(rows.first).to_have_text("two-seeds-1")
        add(archive, 60, "two-seeds-0")
        expect(page.locator("table.sortable tbody tr", has_text="two-seeds-0")).to_contain_text(
            "5", timeout=SECONDS
        )
        expect(rows.first).to_have_text("two-seeds-1")
        assert page.locator("th[aria-sort=descending]").count() == 1


def test_runs_are_changed_by_forms(chromium, address, archive):
    with Watched(chromium, address) as watched:
        page = watched.visit("/runs/clear-brook")
        page.get_by_text("Note, tags, name").click()
        page.get_by_role("textbox", name="Note").fill("<b>found it</b>")
        page.get_by_role("button", name="Add").click()
        page.wait_for_selector("blockquote")
        assert page.locator("blockquote b").count() == 0
        assert "<b>found it</b>" in page.locator("blockquote").first.inner_text()


def test_what_was_written_outlives_the_request_that_it_was_for(chromium, address, archive):
    run = archive.runs.get("bad-news")
    (held,) = archive.requests.of(run, state=RequestState.CLAIMED)
    with Watched(chromium, address) as watched:
        page = watched.visit(f"/runs/bad-news/requests/{held.token}")
        page.locator("#text").fill("hours of <i>work</i>")
        archive.requests.give_up(held.token, "its lease ended")
        expect(page.locator("#draft pre")).to_have_text("hours of <i>work</i>", timeout=SECONDS)
        expect(page.locator("#page")).to_contain_text("nobody's any more")
