"""Requests to agents: leases, one outcome a token, attempts that replace each other; and the lab book."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.archive.errors import NotFound
from nashforge.archive.records import Candidate, Run
from nashforge.archive.store import Archive

PAYLOAD = {"user": "write", "base": "x = 1\n"}


def wanted(archive: Archive, run: Run, index: int) -> Candidate:
    candidate = archive.candidates.add(run, operator="diff", proposer="agent", index=index)
    archive.requests.open(run, candidate, index=index, kind="diff", payload=PAYLOAD)
    return candidate


def claimed(archive: Archive, run: Run, author: str = "a", seconds: float = 60.0) -> AgentRequest:
    [request] = archive.requests.claim(run, author=author, client="test 1", seconds=seconds)
    return request


def test_the_life_of_a_request(archive: Archive, run: Run) -> None:
    candidate = wanted(archive, run, 1)
    again = archive.requests.open(run, candidate, index=1, kind="diff", payload={"other": 1})
    assert (again.state, again.payload) == (RequestState.WAITING, PAYLOAD), "it is asked for once"
    with pytest.raises(NotFound, match="nashforge ask"):
        archive.requests.get(again.token)  # of what nobody has claimed, nobody can know the token
    mine = claimed(archive, run, "ann")
    assert (mine.index, mine.author, mine.client, mine.attempt) == (1, "ann", "test 1", 1)
    assert mine.claimed is not None
    assert mine.expires is not None
    assert (mine.expires - mine.claimed).total_seconds() == 60
    assert archive.requests.claim(run, author="bob", client="test 1", seconds=60) == []
    assert archive.requests.refuse(mine.token, "unreadable").refused == 1
    assert archive.requests.tell(mine.token, {"text": "x = 2\n"})
    assert not archive.requests.tell(mine.token, {"text": "x = 3\n"}), "a token has one outcome"
    assert not archive.requests.give_up(mine.token, "too late")
    [told] = archive.requests.told([candidate.id])
    assert (told.answer, told.state) == ({"text": "x = 2\n"}, RequestState.TOLD)
    assert archive.requests.counts(run) == {RequestState.TOLD: 1}


def test_requests_are_claimed_in_order_and_not_of_other_runs(archive: Archive, run: Run) -> None:
    other = archive.runs.create("cfr", {})
    for index in (3, 1, 2):
        wanted(archive, run, index)
    wanted(archive, other, 1)
    two = archive.requests.claim(run, author="a", client="c", seconds=60, count=2)
    assert [request.index for request in two] == [1, 2]
    rest = archive.requests.claim(run, author="a", client="c", seconds=60, count=9)
    assert [request.index for request in rest] == [3]


def test_nothing_is_claimed_of_a_paused_run(archive: Archive, run: Run) -> None:
    wanted(archive, run, 1)
    archive.runs.request_pause(run)
    assert archive.requests.claim(run, author="a", client="c", seconds=60) == []
    archive.runs.request_pause(run, paused=False)
    assert claimed(archive, run).index == 1


def test_what_is_given_up_is_free_at_once_and_another_token(archive: Archive, run: Run) -> None:
    candidate = wanted(archive, run, 1)
    first = claimed(archive, run, "ann")
    assert archive.requests.give_up(first.token, "too hard")
    assert not archive.requests.give_up(first.token, "again")
    second = claimed(archive, run, "bob")
    assert (second.attempt, second.payload, second.opened) == (2, PAYLOAD, first.opened)
    assert second.token != first.token
    assert not archive.requests.tell(first.token, {"text": "late"})
    assert archive.requests.tell(second.token, {"text": "good"})
    assert [request.answer for request in archive.requests.told([candidate.id])] == [{"text": "good"}]


def test_a_lease_that_ended_frees_the_request(archive: Archive, run: Run) -> None:
    wanted(archive, run, 1)
    first = claimed(archive, run, seconds=0.01)
    kept = archive.runs.create("cfr", {})
    wanted(archive, kept, 1)
    claimed(archive, kept, seconds=60)
    time.sleep(0.05)
    assert (archive.requests.sweep(run), archive.requests.sweep(kept)) == (1, 0)
    assert archive.requests.sweep(run) == 0
    assert archive.requests.get(first.token).state is RequestState.EXPIRED
    second = claimed(archive, run)
    assert not archive.requests.tell(first.token, {"text": "late"}), "another agent has it"
    assert archive.requests.tell(second.token, {"text": "good"})


def test_what_comes_late_counts_where_nobody_has_begun_anew(archive: Archive, run: Run) -> None:
    candidate = wanted(archive, run, 1)
    first = claimed(archive, run, seconds=0.01)
    time.sleep(0.05)
    archive.requests.sweep(run)
    assert archive.requests.tell(first.token, {"text": "late"})
    assert archive.requests.claim(run, author="bob", client="c", seconds=60) == []
    assert [request.token for request in archive.requests.told([candidate.id])] == [first.token]
    again = archive.requests.open(run, candidate, index=1, kind="diff", payload={})
    assert again.state is RequestState.TOLD


def test_another_proposer_takes_only_what_nobody_holds(archive: Archive, run: Run) -> None:
    wanted(archive, run, 1)
    wanted(archive, run, 2)
    time.sleep(0.02)
    assert archive.requests.overdue(run, 3600.0) == []
    late = archive.requests.overdue(run, 0.01)
    assert [request.index for request in late] == [1, 2]
    held = claimed(archive, run)
    assert archive.requests.pass_by(late[0], "nobody came") is None
    passed = archive.requests.pass_by(late[1], "nobody came")
    assert passed is not None
    assert passed.state is RequestState.PASSED
    assert archive.requests.claim(run, author="b", client="c", seconds=60) == []
    assert archive.requests.tell(held.token, {"text": "x"})


def test_many_agents_never_hold_one_token(archive: Archive, run: Run) -> None:
    """Eight threads claim, answer and give up twelve requests: each is answered once, by who held it."""
    candidates = [wanted(archive, run, index) for index in range(1, 13)]

    def work(name: int) -> list[str]:
        told = []
        for turn in range(40):
            found = archive.requests.claim(run, author=f"agent {name}", client="c", seconds=60)
            for request in found:
                if (turn + name) % 3 == 0:
                    archive.requests.give_up(request.token, "tired")
                elif archive.requests.tell(request.token, {"text": f"by {name}"}):
                    told.append(request.token)
        return told

    with ThreadPoolExecutor(8) as pool:
        answers = [token for told in pool.map(work, range(8)) for token in told]
    for request in archive.requests.claim(run, author="last", client="c", seconds=60, count=12):
        assert archive.requests.tell(request.token, {"text": "by the last"})
        answers.append(request.token)
    rows = archive.requests.told([candidate.id for candidate in candidates])
    assert Counter(row.candidate_id for row in rows) == dict.fromkeys((c.id for c in candidates), 1)
    assert sorted(answers) == sorted(row.token for row in rows)
    assert len({row.token for row in archive.requests.of(run)}) == len(archive.requests.of(run))


def test_notes_are_kept_in_order_and_go_with_the_run(archive: Archive, run: Run) -> None:
    other = archive.runs.create("cfr", {})
    for text in ("discounting helps", "prediction\x00 hurts"):
        archive.notes.add(run, text, author="ann")
    archive.notes.add(other, "of another run")
    assert [note.text for note in archive.notes.of(run)] == ["discounting helps", "prediction\ufffd hurts"]
    assert [note.author for note in archive.notes.of(run, limit=1)] == ["ann"]
    assert archive.notes.of(run, limit=1)[0].text.startswith("prediction")
    wanted(archive, run, 1)
    archive.runs.delete(run)
    assert archive.notes.of(run) == []
    assert archive.requests.of(run) == []
    assert len(archive.notes.of(other)) == 1
