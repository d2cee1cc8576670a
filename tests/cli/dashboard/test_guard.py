"""The door: who may come in, from where, and what a browser is told it may do."""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources

import pytest

from nashforge.archive import Archive, RunState
from nashforge.cli.dashboard.actions import runs
from nashforge.cli.dashboard.rendering import VENDORED

from .conftest import SECRET

VENDOR = resources.files("nashforge.cli.dashboard").joinpath("vendor")


def test_a_token_is_asked_for_once_and_then_a_cookie_tells(searched, opened_at):
    client = opened_at(searched.database)
    cookie = next(iter(client.cookies.jar))
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite").lower() == "strict"
    assert SECRET not in cookie.value
    assert client.get("/runs").status_code == 200
    client.cookies.clear()
    assert client.get("/runs").status_code == 401
    assert client.get("/static/style.css").status_code == 401
    assert client.get("/runs", params={"token": "wrong"}).status_code == 401
    assert client.get("/runs", headers={"authorization": f"Bearer {SECRET}"}).status_code == 200
    assert client.get("/runs", headers={"cookie": 'nashforge-80="'}).status_code == 401
    entered = client.get("/programs", params={"token": SECRET, "q": "a b"})
    assert entered.headers["location"] == "/programs?q=a+b"
    assert not client.get("//evil.example/", params={"token": SECRET}).headers["location"].startswith("//")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "["])
def test_other_names_of_this_machine_are_refused(client, host):
    assert client.get("/runs", headers={"host": host}).status_code == 421


def test_pages_may_load_nothing_from_elsewhere(client):
    for address in ("/runs", "/nothing", "/static/htmx.min.js", "/programs.csv"):
        headers = client.get(address).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert client.get("/runs").headers["cache-control"] == "no-store"
    assert client.get("/static/..%2fapp.py").status_code == 404


def form_token(client, run):
    """Return what a form of a page sends along."""
    return client.get(f"/runs/{run}").text.partition('name="form_token" value="')[2].partition('"')[0]


@pytest.fixture
def stopped(tmp_path):
    """Return an archive with a run that nobody works on."""
    with Archive.open(tmp_path / "one.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr", "max_evaluations": 5}, nickname="low-tide")
        archive.runs.set_state(run, RunState.STOPPED, "stopped")
    return tmp_path / "one.db"


def test_addresses_are_nobodys_to_give_to_another_machine(stopped, opened_at):
    client = opened_at(stopped)
    for host in ("192.0.2.7:8750", "[::1]", "LOCALHOST:1"):
        assert client.get("/runs", headers={"host": host}).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "[::1", "1.2.3", "::1"):
        assert client.get("/runs", headers={"host": host}).status_code == 421, host


def test_more_fields_than_any_page_has_are_refused(stopped, opened_at):
    answer = opened_at(stopped).get("/runs?" + "&".join(f"a{k}=1" for k in range(300)))
    assert answer.status_code == 409
    assert "more than 200 fields" in answer.text


def test_nothing_is_changed_unless_that_is_allowed(stopped, opened_at):
    client = opened_at(stopped)
    assert "form_token" not in client.get("/runs/low-tide").text.partition("<main")[2]
    assert client.post("/runs/low-tide/note", data={"text": "hello"}).status_code == 403
    with Archive.open(stopped) as archive:
        assert archive.notes.of(archive.runs.get("low-tide")) == []


def test_a_change_comes_from_a_form_of_ours(stopped, opened_at):
    client = opened_at(stopped, control=True)
    token = form_token(client, "low-tide")
    form = {"text": "hello", "form_token": token}
    assert client.post("/runs/low-tide/note", data={**form, "form_token": "wrong"}).status_code == 403
    assert client.post("/runs/low-tide/note", data={"text": "hello"}).status_code == 403
    for origin in ("http://evil.example", "null", "http://[", "http://127.0.0.1:1"):
        answer = client.post("/runs/low-tide/note", data=form, headers={"origin": origin})
        assert answer.status_code == 403, origin
    many = {f"field-{k}": "" for k in range(300)}
    assert client.post("/runs/low-tide/note", data={**form, **many}).status_code == 409
    assert client.post("/runs/low-tide/note", data={**form, "text": "x" * 2_000_000}).status_code == 413
    done = client.post("/runs/low-tide/note", data=form, headers={"origin": "http://127.0.0.1"})
    assert (done.status_code, done.headers["location"]) == (303, "/runs/low-tide")
    assert "hello" in client.get("/runs/low-tide").text


def test_runs_are_renamed_tagged_and_deleted_with_confirmation(stopped, opened_at):
    client = opened_at(stopped, control=True)
    token = form_token(client, "low-tide")

    def post(action, run="low-tide", **form):
        return client.post(f"/runs/{run}/{action}", data={**form, "form_token": token})

    assert "good" not in client.get("/runs/low-tide").text
    assert post("tags", tags="slow, good").status_code == 303
    assert "good" in client.get("/runs/low-tide").text
    assert "good" in client.get("/runs?q=slow").text
    assert post("tags", tags="x" * 99).status_code == 409
    assert post("rename", name="high-tide").headers["location"] == "/runs/high-tide"
    assert post("rename", run="high-tide", name="no good").status_code == 409
    refused = post("delete", run="high-tide", name="high")
    assert (refused.status_code, "nothing was deleted" in refused.text) == (409, True)
    assert post("pause", run="high-tide").status_code == 409
    assert post("delete", run="high-tide", name="high-tide").headers["location"] == "/runs"
    assert client.get("/runs/high-tide").status_code == 404


def test_scripts_of_others_are_as_published_with_their_licences():
    listed = tomllib.loads(VENDOR.joinpath("vendor.toml").read_text())
    there = {path.name for path in VENDOR.iterdir()} - {"vendor.toml"}
    assert set(listed) == set(VENDORED)
    assert there == set(listed) | {entry["license-file"] for entry in listed.values()}
    for name, entry in listed.items():
        assert hashlib.sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == entry["sha256"], name
        assert len(VENDOR.joinpath(entry["license-file"]).read_text()) > 100
    assert sum(len(VENDOR.joinpath(name).read_bytes()) for name in listed) < 200_000


def test_what_keeps_a_run_from_being_resumed_is_told(tmp_path, opened_at):
    with Archive.open(tmp_path / "far.db") as archive:
        run = archive.runs.create("nowhere", {"domain": "nowhere", "max_evaluations": 5}, nickname="far-off")
        archive.runs.set_state(run, RunState.STOPPED, "stopped")
    client = opened_at(tmp_path / "far.db", control=True)
    token = form_token(client, "far-off")
    for limit, why in (("many", "no number"), ("9", "nowhere")):
        answer = client.post("/runs/far-off/resume", data={"max_evaluations": limit, "form_token": token})
        assert answer.status_code == 409
        assert why in answer.text
        assert "Traceback" not in answer.text


def test_a_finished_run_says_what_would_continue_it(tmp_path, opened_at, monkeypatch):
    with Archive.open(tmp_path / "over.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr", "max_evaluations": 5}, nickname="low-tide")
        archive.runs.set_state(run, RunState.FINISHED, "max_evaluations")
    client = opened_at(tmp_path / "over.db", control=True)
    token = form_token(client, "low-tide")
    monkeypatch.setattr(runs.subprocess, "Popen", None)
    form = {"max_evaluations": "", "max_minutes": "2.5", "form_token": token}
    answer = client.post("/runs/low-tide/resume", data=form)
    assert answer.status_code == 409
    assert "nothing was changed" in answer.text


def test_a_run_is_resumed_with_the_limits_of_the_form(tmp_path, opened_at, monkeypatch):
    asked = []

    class Ended:
        returncode = 0

        def __init__(self, words, **options):
            asked.append(words[3:])

        def poll(self):
            return 0

    with Archive.open(tmp_path / "some.db") as archive:
        run = archive.runs.create("cfr", {"domain": "cfr", "max_evaluations": 5}, nickname="high-tide")
        archive.runs.set_state(run, RunState.STOPPED, "stopped")
    client = opened_at(tmp_path / "some.db", control=True)
    token = form_token(client, "high-tide")
    monkeypatch.setattr(runs.subprocess, "Popen", Ended)

    def resumed(**form):
        return client.post("/runs/high-tide/resume", data={**form, "form_token": token})

    assert resumed(max_evaluations="9", max_minutes="2.5", budget_usd=" 3 ").status_code == 303
    assert resumed(max_evaluations="", max_minutes="", budget_usd="").status_code == 303
    always = ["resume", "high-tide", "--no-json"]
    limits = ["--max-evaluations=9", "--max-minutes=2.5", "--budget-usd=3"]
    assert asked == [[*always, *limits], always]
    for wrong in ("-1", "0", "many", "1e999", "nan", "5 --proposer x", "\u0663"):
        for name, what in (("max_minutes", "minutes"), ("budget_usd", "US dollars")):
            answer = resumed(**{name: wrong})
            assert (answer.status_code, f"is no number of {what}" in answer.text) == (409, True)
    assert len(asked) == 2
