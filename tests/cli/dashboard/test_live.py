"""News: what is committed is told to those who look, one look for all of them."""

from __future__ import annotations

import asyncio
import subprocess
import time

import pytest

from nashforge.archive import Archive, NewEvaluation, NotFound, RunState, Status
from nashforge.archive.stores import overview
from nashforge.cli.dashboard.live import News
from nashforge.cli.options.archives import opened
from nashforge.evolve.executors.identity import process_name
from nashforge.evolve.results.tags import set_tags
from nashforge.solvers import rule_source


@pytest.fixture
def archive(tmp_path):
    with Archive.open(tmp_path / "live.db") as opened:
        yield opened


def test_a_mark_changes_with_whatever_is_committed(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    other = archive.runs.create("cfr", {"domain": "cfr"}, nickname="two")
    program = archive.programs.add(rule_source("cfr"), "cfr")
    candidate = None

    def finish():
        row = NewEvaluation(program=program.hash, suite="s", split="train", status=Status.OK)
        archive.candidates.finish(candidate, Status.OK, train=1.0, evaluations=[row])

    def add():
        nonlocal candidate
        candidate = archive.candidates.add(run, program=program, operator="seed", proposer="offline")

    steps = [
        lambda: archive.runs.claim(run, "me"),
        add,
        finish,
        lambda: archive.candidates.add(run, operator="x", proposer="y", status=Status.REJECTED, reason="no"),
        lambda: archive.calls.reserve(run, provider="p", model="m", request={}, reserved_cost=0.1),
        lambda: archive.runs.request_pause(run),
        lambda: archive.notes.add(run, "hello"),
        lambda: set_tags(archive, run, "slow"),
        lambda: archive.runs.set_state(run, RunState.FINISHED, "max_evaluations"),
        lambda: archive.runs.rename(run, "three"),
    ]
    before = archive.overview.mark()
    assert archive.overview.mark() == before
    for step in steps:
        step()
        now = archive.overview.mark()
        assert now != before
        assert now.runs[other.id] == before.runs[other.id], "the other run has no news of its own"
        before = now
    archive.runs.delete(run)
    assert run.id not in archive.overview.mark().runs


def test_a_mark_changes_with_workers_and_what_they_have_in_hand(archive):
    steps = [
        lambda: archive.workers.register("w", host="h", pid=1, kinds="evaluate", slots=1, versions={}),
        lambda: archive.queue.add("key", "evaluate", {}),
        lambda: archive.queue.claim("evaluate", "w"),
    ]
    before = archive.overview.mark()
    for step in steps:
        step()
        assert archive.overview.mark() != before
        before = archive.overview.mark()


def test_who_falls_silent_is_news_though_nothing_is_written(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    archive.runs.claim(run, "me")
    alive = archive.overview.mark(silent_after=60.0)
    assert archive.overview.mark(silent_after=60.0).runs == alive.runs
    assert archive.overview.mark(silent_after=0.0).runs != alive.runs
    archive.workers.register("w", host="h", pid=1, kinds="evaluate", slots=1, versions={})
    assert archive.overview.mark(silent_after=60.0).rest != archive.overview.mark(silent_after=0.0).rest


def test_a_sign_of_life_of_a_worker_is_news_of_the_archive_and_of_no_run(archive, monkeypatch):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    archive.workers.register("w", host="h", pid=1, kinds="evaluate", slots=1, versions={})
    monkeypatch.setattr(overview, "HEARTBEAT_SECONDS", 0.001)
    news = News(archive, seconds=0.0)
    before = [asyncio.run(news.version(key)) for key in (None, run.id)]
    assert asyncio.run(news.version(None)) == before[0]
    archive.workers.heartbeat("w")
    after = [asyncio.run(news.version(key)) for key in (None, run.id)]
    assert (after[0] > before[0], after[1] == before[1]) == (True, True)


def test_the_death_of_a_process_of_this_machine_is_news_at_once(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    with subprocess.Popen(["sleep", "60"]) as process:
        archive.runs.claim(run, process_name(process.pid))
        news = News(archive, seconds=0.0)
        before = asyncio.run(news.version(run.id))
        assert asyncio.run(news.version(run.id)) == before
        process.kill()
    assert asyncio.run(news.version(run.id)) > before


def test_everybody_is_told_by_one_look(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    archive.runs.claim(run, "me")
    looks = 0

    async def follow():
        nonlocal looks
        news = News(archive, seconds=0.05)
        mark = archive.overview.mark

        def counted():
            nonlocal looks
            looks += 1
            return mark()

        archive.overview.mark = counted  # type: ignore[method-assign]
        watching = asyncio.create_task(news.watch())
        heard = []

        async def one():
            async for number in news.follow(run.id):
                heard.append(number)
                if heard.count(number) and len(heard) > 20:
                    return

        followers = [asyncio.create_task(one()) for _ in range(20)]
        async with asyncio.timeout(20):
            while len(heard) < 20:
                await asyncio.sleep(0.01)
        before, at = looks, len(heard)
        await asyncio.to_thread(archive.notes.add, run, "news")
        async with asyncio.timeout(20):
            while len(heard) < at + 20:
                await asyncio.sleep(0.01)
        for task in (*followers, watching):
            task.cancel()
        assert looks > before
        return heard[:at], heard[at:]

    first, second = asyncio.run(follow())
    assert max(first) < min(second)


def test_a_page_is_made_once_until_there_are_news(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")
    made = []

    async def look():
        news = News(archive, seconds=0.0)

        def make():
            made.append(1)
            return "page"

        for _ in range(3):
            await asyncio.gather(*(news.page("/runs/one?", run.id, make) for _ in range(5)))
        assert len(made) == 1
        await asyncio.to_thread(archive.notes.add, run, "news")
        await news.page("/runs/one?", run.id, make)
        assert len(made) == 2
        # Who comes because of news needs no news that were told to nobody yet; who comes by himself does.
        news._costs[run.id] = 1000.0, 1000.0
        await asyncio.to_thread(archive.notes.add, run, "more")
        await news.page("/runs/one?", run.id, make, told=True)
        assert len(made) == 3, "told at once, after a pause"
        await asyncio.to_thread(archive.notes.add, run, "and more")
        await news.page("/runs/one?", run.id, make, told=True)
        assert len(made) == 3
        await news.page("/runs/one?", run.id, make)
        assert len(made) == 4

    asyncio.run(look())


def test_who_leaves_while_there_are_news_leaves_in_peace(archive):
    run = archive.runs.create("cfr", {"domain": "cfr"}, nickname="one")

    async def look():
        news = News(archive, seconds=60.0)

        async def follow():
            async for _ in news.follow(run.id):
                pass

        following = [asyncio.create_task(follow()) for _ in range(20)]
        while news._listening < len(following):
            await asyncio.sleep(0.01)
        await news.tell(everywhere=True)
        for steps in range(20):
            following[steps].cancel()
            await asyncio.sleep(0)
        return await asyncio.gather(*following, return_exceptions=True), news._listening

    ends, left = asyncio.run(look())
    assert {type(end) for end in ends} == {asyncio.CancelledError}
    assert left == 0


def test_a_stream_of_news_is_told_less_often_of_a_run_whose_pages_take_long(archive):
    runs = [archive.runs.create("cfr", {"domain": "cfr"}, nickname=name) for name in ("cheap", "dear")]

    async def look():
        news = News(archive, seconds=0.02)
        heard = {run.nickname: [] for run in runs}

        async def follow(run):
            async for number in news.follow(run.id):
                heard[run.nickname].append(number)

        def make():
            began = time.thread_time()
            while time.thread_time() - began < (0.05 if make.dear else 0.0):
                pass
            return "page"

        for run in runs:
            make.dear = run.nickname == "dear"
            for number in range(2):
                await news.page(f"/{run.nickname}?{number}", run.id, make)
        # As if it had taken minutes.
        news._costs[runs[1].id] = tuple(1000 * cost for cost in news._costs[runs[1].id])
        following = [asyncio.create_task(follow(run)) for run in runs]
        async with asyncio.timeout(60):
            for told in range(1, 6):
                while len(heard["cheap"]) < told or not heard["dear"]:
                    await asyncio.sleep(0.01)
                await news.tell(everywhere=True)
            while len(heard["cheap"]) < 6 or len(heard["dear"]) < 2:
                await asyncio.sleep(0.01)
        for task in following:
            task.cancel()
        return [len(numbers) for numbers in heard.values()]

    assert asyncio.run(look()) == [6, 2], (
        "the first news of each at once, and then one by one, or after a pause"
    )


def test_an_archive_that_is_away_is_told_and_comes_back(archive, monkeypatch):
    from nashforge.archive import DatabaseUnavailable

    async def look():
        news = News(archive, seconds=0.0)
        first = await news.version(None)
        monkeypatch.setattr(
            archive.overview, "mark", lambda: (_ for _ in ()).throw(DatabaseUnavailable("the server is away"))
        )
        before = await news.version(None)
        assert news.error == "the server is away"
        assert before > first, "pages are made again, and say so"
        assert await news.version(None) == before, "told once"
        monkeypatch.undo()
        assert await news.version(None) > before, "pages are made again when it is back"
        assert news.error is None

    asyncio.run(look())


def test_pages_that_cannot_be_made_leave_nothing_behind(archive):
    async def look():
        news = News(archive, seconds=60.0)

        def fail():
            raise NotFound("there is no such run")

        for name in "abc":
            with pytest.raises(NotFound):
                await news.page(f"/runs/{name}?", None, fail)
        assert not news._making

    asyncio.run(look())


def test_a_page_of_another_server_is_not_taken_for_one_of_this(archive):
    first, second = News(archive), News(archive)
    assert first.tag(1) == first.tag(1) != first.tag(2)
    assert first.tag(1) != second.tag(1)


def test_who_looks_waits_no_longer_for_a_server_than_is_said(archive):
    place = archive.database.url
    with opened(place) as patient, opened(place, retry_seconds=3.0) as looking:
        assert patient.database.retry_seconds > looking.database.retry_seconds == 3.0
