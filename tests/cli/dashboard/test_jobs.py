"""Long work that pages ask for: one command at a time, told of, and ended with the dashboard."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pytest

from nashforge.archive import Archive, Status
from nashforge.cli.dashboard.errors import ControlError
from nashforge.cli.dashboard.jobs.queue import MOST_WAITING, Jobs, Work
from nashforge.cli.dashboard.jobs.suites import suites_of
from nashforge.cli.errors import INTERRUPTED
from nashforge.solvers import rule_source

from .test_guard import form_token

PATIENCE = 600
ENDLESS = ("status", "latest", "--watch")


def work(*words, title="a command"):
    return Work(title, "a" * 64, words, lambda answer: (f"{len(answer)} suites", "/runs"))


def on_jobs(database, use):
    """Let an async function use a queue of jobs that is at work, and end it."""

    async def using():
        news = []

        async def changed():
            news.append(1)

        jobs = Jobs(f"sqlite:///{database}", changed)
        working = asyncio.create_task(jobs.work())
        try:
            async with asyncio.timeout(PATIENCE):
                await use(jobs, working)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        return news

    return asyncio.run(using())


async def until(condition):
    while not condition():
        await asyncio.sleep(0.05)


@pytest.fixture
def database(tmp_path):
    with Archive.open(tmp_path / "jobs.db") as archive:
        archive.runs.create("cfr", {"domain": "cfr"}, nickname="still-lake")
    return tmp_path / "jobs.db"


def test_jobs_are_done_in_turn_and_what_became_of_them_is_told(database):
    async def use(jobs, _working):
        good, bad = jobs.submit(work("suites")), jobs.submit(work("show", "no-such-program"))
        assert jobs.submit(work("suites")) is good, "the same is not done twice"
        last = jobs.submit(work("rules"))
        assert [job.state for job in jobs.all()] == ["queued"] * 3
        jobs.stop(last.number)
        await until(lambda: not bad.open)
        assert (good.state, bad.state, last.state) == ("done", "failed", "stopped")
        assert re.fullmatch(r"\d+ suites", good.said)
        assert good.link == "/runs"
        assert bad.said.startswith("neither") or "no-such-program" in bad.said
        assert "Traceback" not in bad.said
        assert good.finished <= bad.started
        with pytest.raises(ControlError, match="no job 1 waits"):
            jobs.stop(good.number)

    assert on_jobs(database, use), "pages are told of it"


def test_a_process_that_cannot_be_started_keeps_no_other_job(database, monkeypatch):
    async def use(jobs, _working):
        with monkeypatch.context() as patched:
            patched.setattr(sys, "executable", "/nowhere/python")
            lost = jobs.submit(work("suites"))
            await until(lambda: not lost.open)
        assert lost.state == "failed"
        assert "could not be started: No such file" in lost.said
        assert lost.finished is not None
        good = jobs.submit(work("suites"))
        await until(lambda: not good.open)
        assert good.state == "done"

    on_jobs(database, use)


def test_a_job_under_way_is_stopped_and_another_ends_with_the_dashboard(database):
    async def use(jobs, working):
        stopped, ended = jobs.submit(work(*ENDLESS)), jobs.submit(work(*ENDLESS, "--no-json"))
        await until(lambda: jobs._process is not None)
        first = jobs._process
        jobs.stop(stopped.number)
        await until(lambda: ended.state == "running" and jobs._process not in (None, first))
        assert first.returncode is not None
        assert (stopped.state, stopped.said) == ("stopped", "stopped from a page")
        process = jobs._process
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert process.returncode is not None

    on_jobs(database, use)


def test_no_more_jobs_wait_than_can_be_overseen(database):
    async def use():
        async def changed():
            pass

        jobs = Jobs(f"sqlite:///{database}", changed)
        for number in range(MOST_WAITING):
            jobs.submit(work("show", str(number)))
        with pytest.raises(ControlError, match="ask again when one has ended"):
            jobs.submit(work("suites"))

    asyncio.run(use())


def test_a_child_ends_when_the_dashboard_is_gone_however_it_went(database):
    words = ["-m", "nashforge.cli.dashboard.jobs.child", *ENDLESS, "--database", str(database)]
    child = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout.read(1), "it is under way"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(PATIENCE) == INTERRUPTED
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_suites_are_those_that_programs_of_a_domain_can_play():
    known = {one.name: one.held_out for one in suites_of("cfr")}
    assert next(iter(known)) == "cfr-train"
    assert known["cfr-test"]
    assert known["bench-test"]
    assert not known["cfr-train"]
    assert "cleanup" not in known
    assert [one.name for one in suites_of("cleanup")] == ["cleanup", "cleanup-small"]


def test_a_program_is_measured_from_its_page(tmp_path, opened_at):
    with Archive.open(tmp_path / "one.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="low-tide")
        program = archive.programs.add(rule_source("cfr_plus") + "# mine\n", "cfr")
        candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")
        archive.candidates.finish(candidate, Status.OK, train=1.0)
    page = f"/programs/{program.hash}"
    reading = opened_at(tmp_path / "one.db")
    assert f"{page}/evaluate" not in reading.get(page).text
    assert reading.post(f"{page}/evaluate", data={}).status_code == 403
    client = opened_at(tmp_path / "one.db", control=True)
    token = form_token(client, "low-tide")

    def post(action, **form):
        return client.post(f"{page}/{action}", data={**form, "form_token": token})

    for action, form, why in (
        ("evaluate", {"suite": "/etc/passwd"}, "no suite"),
        ("evaluate", {"suite": "cfr-smoke", "iterations": "-1"}, "whole number"),
        ("distil", {"tolerance": "nan"}, "no fitness to give up"),
        ("distil", {"max_evaluations": "1e9"}, "whole number"),
    ):
        answer = post(action, **form)
        assert (answer.status_code, why in answer.text) == (409, True), form
    assert client.post(f"{page}/evaluate", data={"suite": "cfr-smoke"}).status_code == 403
    assert post("evaluate", suite="cfr-smoke", iterations="5").headers["location"] == f"{page}#jobs"
    text = client.get(page).text
    assert f"evaluate {program.nickname} on cfr-smoke, 5 iterations" in text
    assert client.post("/jobs/1/stop", data={"form_token": token}).status_code == 303
    assert "stopped from a page" in client.get(page).text
    assert "stopped from a page" in client.get("/workers").text
