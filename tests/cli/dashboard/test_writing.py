"""Programs that a person writes on a page: a request of the run is claimed and told, as agents do it."""

from __future__ import annotations

import pytest

from nashforge.archive import Archive, RunState
from nashforge.archive.agents import RequestState
from nashforge.evolve.domains import domain
from nashforge.evolve.search.novelty import ast_fingerprint
from nashforge.solvers import rule_source

from .test_guard import form_token

SOURCE = rule_source("cfr_plus")


def archive_of(path, proposer):
    """Make an archive with a run under way that has one open request, and return that request."""
    with Archive.open(path) as archive:
        config = {"domain": "cfr", "proposer": proposer, "max_evaluations": 5}
        run = archive.runs.create("cfr", config, nickname="slow-pen")
        archive.runs.claim(run, "a process elsewhere")
        archive.runs.set_state(run, RunState.RUNNING)
        parent = archive.programs.add(
            SOURCE, "cfr", ast_hash=ast_fingerprint(SOURCE, domain("cfr").grammar())
        )
        seed = archive.candidates.add(run, program=parent, operator="seed", proposer="offline")
        wanted = archive.candidates.add(run, operator="agent", proposer="agent")
        told = {
            "candidate": seed.id,
            "index": 0,
            "program": parent.nickname,
            "hash": parent.hash,
            "source": SOURCE,
            "fitness": 0.5,
        }
        payload = {"system": "abc", "user": "Make it <better>.", "base": SOURCE, "donors": [], "parent": told}
        archive.runs.set_value(run, "system abc", "The interface.")
        return archive.requests.open(run, wanted, index=1, kind="edit", payload=payload)


@pytest.fixture
def written(tmp_path, opened_at):
    """Return a request, a browser that may control, and what sends a form."""
    wanted = archive_of(tmp_path / "pen.db", "agent")
    client = opened_at(tmp_path / "pen.db", control=True)
    token = form_token(client, "slow-pen")
    return wanted, client, lambda path, **form: client.post(path, data={**form, "form_token": token})


def test_a_request_is_taken_written_and_handed_in(written, tmp_path):
    wanted, client, post = written
    page = f"/runs/slow-pen/requests/{wanted.token}"
    assert "Write a program" in client.get("/runs/slow-pen").text
    assert post("/runs/slow-pen/ask").headers["location"] == page
    text = client.get(page).text
    assert "Make it &lt;better&gt;." in text
    assert "class CFRPlus" in text
    assert page in client.get("/runs/slow-pen").text, "it can be gone on with"
    same = post(f"{page}/tell", text=SOURCE + "# the same\r\n", note="<i>mine</i>")
    assert same.status_code == 409
    for kept in ("but for names and layout", "# the same", "&lt;i&gt;mine&lt;/i&gt;"):
        assert kept in same.text, "nothing that was written is lost"
    assert "hx-get" not in same.text, "a page that answers a form is not asked for again"
    assert "but for names and layout. It cost nothing" in same.text
    empty = post(f"{page}/tell", text="  ", note="why")
    assert empty.status_code == 409
    for said in (
        "the form is empty",
        "SEARCH/REPLACE blocks. It cost nothing",
        "class CFRPlus",
        ">\nwhy</textarea>",
    ):
        assert said in empty.text
    better = SOURCE.replace("+ regret", "+ 2 * regret")
    assert better != SOURCE
    assert post(f"{page}/tell", text=better, note="twice").headers["location"] == page
    assert "being evaluated" in client.get(page).text
    with Archive.open(tmp_path / "pen.db") as archive:
        told = archive.requests.get(wanted.token)
        assert (told.state, told.answer["note"]) == (RequestState.TOLD, "twice")
        assert better.strip() in told.answer["text"]
        assert told.client.startswith("nashforge-dashboard")
    assert post(f"{page}/tell", text=better).headers["location"] == page, "the same again does no harm"
    other = post(f"{page}/tell", text=SOURCE.replace("+ regret", "+ 3 * regret"))
    assert other.status_code == 409
    for said in ("Your program was not taken", "the one told by this token before", "+ 3 * regret"):
        assert said in other.text


def test_what_is_handed_in_while_nobody_works_on_the_run_is_said_to_be_kept(written, tmp_path):
    wanted, client, post = written
    page = f"/runs/slow-pen/requests/{wanted.token}"
    post("/runs/slow-pen/ask")
    with Archive.open(tmp_path / "pen.db") as archive:
        archive.runs.set_state(archive.runs.get("slow-pen"), RunState.STOPPED, "interrupted")
    post(f"{page}/tell", text=SOURCE.replace("+ regret", "+ 2 * regret"))
    text = client.get(page).text
    assert "It is kept, but nobody works on the run (it was interrupted)" in text
    assert "is being evaluated" not in text


def test_a_request_is_given_up(written, tmp_path):
    wanted, client, post = written
    page = f"/runs/slow-pen/requests/{wanted.token}"
    post("/runs/slow-pen/ask")
    assert post(f"{page}/give-up").headers["location"] == "/runs/slow-pen"
    assert "nobody" in client.get(page).text
    late = post(f"{page}/tell", text=SOURCE + "x = 1\n")
    assert late.status_code == 409
    for said in ("Your program was not taken", "was given up", "x = 1"):
        assert said in late.text, "nothing that was written is lost"
    with Archive.open(tmp_path / "pen.db") as archive:
        assert archive.requests.get(wanted.token).state is RequestState.GIVEN_UP


def test_who_may_only_look_is_shown_no_task(written, tmp_path, opened_at):
    wanted, _client, post = written
    page = f"/runs/slow-pen/requests/{wanted.token}"
    post("/runs/slow-pen/ask")
    reading = opened_at(tmp_path / "pen.db")
    assert "Make it" not in reading.get(page).text
    assert "Write a program" not in reading.get("/runs/slow-pen").text
    assert reading.post("/runs/slow-pen/ask").status_code == 403
    assert reading.get("/runs/slow-pen/requests/nothing").status_code == 404


def test_a_run_that_agents_do_not_write_says_so(tmp_path, opened_at):
    archive_of(tmp_path / "pen.db", "offline")
    client = opened_at(tmp_path / "pen.db", control=True)
    assert "Write a program" not in client.get("/runs/slow-pen").text
    answer = client.post("/runs/slow-pen/ask", data={"form_token": form_token(client, "slow-pen")})
    assert answer.status_code == 409
    assert "not by agents" in answer.text
