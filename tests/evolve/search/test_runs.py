"""The loop: budgets, determinism, resumption, failures as statuses."""

import gc
import signal
import subprocess
import sys
import time

import pytest

from nashforge.archive import RunState, Status
from nashforge.evolve.domains.cfr import CFRDomain
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.executors import local
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.proposers.base import Immediate, Proposal
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.proposer import OfflineProposer
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.events import Silent
from tests.processes import descendants, is_alive

HISTORY = ("index", "program", "operator", "note", "status", "train", "validation", "island", "reason")


def history(archive, name):
    run = archive.runs.get(name)
    rows = []
    for candidate in archive.candidates.of(run):
        row = {field: getattr(candidate, field) for field in HISTORY}
        row["parents"] = [(archive.candidates.get(p.candidate_id).index, p.role) for p in candidate.parents]
        rows.append(row)
    return rows


def test_a_run_ends_with_a_measured_best_and_the_right_count(archive, tiny):
    result = start_run(archive, tiny(max_evaluations=12), name="first")
    assert result.evaluations == 12
    assert result.stop_reason == "max_evaluations"
    run = archive.runs.get("first")
    assert run.state is RunState.FINISHED
    candidates = archive.candidates.of(run)
    assert sum(c.status is not Status.DUPLICATE for c in candidates) == 12
    assert result.best.train >= result.seed.train
    assert result.best.validation is not None
    assert result.best.test is not None
    assert result.seed.test is not None
    assert candidates[0].operator == "seed"
    as_dict = result.as_dict()
    assert set(as_dict["fitness"]) == {"train", "validation", "test"}
    assert as_dict["best"] == result.best.nickname
    for candidate in candidates:
        assert candidate.status.finished
        assert (candidate.train is None) == (candidate.status is not Status.OK)
    worse = [c for c in candidates if c.train is not None and c.train < result.seed.train]
    assert worse
    assert [c.index for c in worse if c.validation is not None] == [], "only what beats the seed is validated"


def test_patience_ends_a_run(archive, tiny):
    result = start_run(archive, tiny(max_evaluations=60, patience=2, lookahead=1, final_test=False))
    assert result.stop_reason == "patience"
    trained = [c.train for c in archive.candidates.of(archive.runs.get(result.run)) if c.program is not None]
    assert max(range(len(trained)), key=lambda k: (trained[k] is not None, trained[k])) == len(trained) - 3


@pytest.mark.parametrize("strategy", ["evolution", "best_of_n", "sequential"])
def test_the_same_seed_gives_the_same_run(archive, tiny, strategy):
    for name in ("one", "two"):
        start_run(archive, tiny(strategy=strategy, seed=3, final_test=False), name=name)
    assert history(archive, "one") == history(archive, "two")
    start_run(archive, tiny(strategy=strategy, seed=4, final_test=False), name="other")
    assert history(archive, "one") != history(archive, "other")


def test_the_number_of_workers_changes_nothing_for_the_same_lookahead(archive, tiny):
    for workers in (1, 2):
        start_run(archive, tiny(workers=workers, lookahead=3, final_test=False), name=f"with-{workers}")
    assert history(archive, "with-1") == history(archive, "with-2")


class Interrupt(Silent):
    """Presses Ctrl-C after some outcomes."""

    def __init__(self, after):
        self.left = after

    def outcome(self, candidate, best):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_an_interrupted_run_resumes_to_the_same_end(archive, tiny):
    config = tiny(max_evaluations=15, seed=7, lookahead=2)
    start_run(archive, config, name="whole")
    cut = start_run(archive, config, name="cut", listener=Interrupt(5))
    assert cut.interrupted
    assert archive.runs.get("cut").state is RunState.STOPPED
    for after in (4, 99):
        result = resume_run(archive, archive.runs.get("cut"), listener=Interrupt(after + 5))
    assert result.evaluations == 15
    assert history(archive, "cut") == history(archive, "whole")
    assert result.best.test == archive.candidates.of(archive.runs.get("whole"))[result.best.index].test


def test_a_finished_run_can_be_continued_with_a_larger_budget(archive, tiny):
    start_run(archive, tiny(max_evaluations=6, final_test=False), name="small")
    first = history(archive, "small")
    result = resume_run(archive, archive.runs.get("small"), changes={"max_evaluations": 9})
    assert result.evaluations == 9
    assert history(archive, "small")[: len(first)] == first
    start_run(archive, tiny(max_evaluations=9, final_test=False), name="large")
    assert history(archive, "small") == history(archive, "large")


def test_a_stop_request_ends_the_run_and_resume_goes_on(archive, tiny):
    class Stop(Silent):
        def outcome(self, candidate, best):
            if candidate.index == 3:
                archive.runs.request_stop(archive.runs.get("stopped"))

    result = start_run(archive, tiny(max_evaluations=30), name="stopped", listener=Stop())
    assert result.stop_reason == "stopped"
    assert 4 <= result.evaluations < 30
    assert archive.runs.get("stopped").state is RunState.STOPPED
    assert resume_run(archive, archive.runs.get("stopped"), changes={"max_evaluations": 12}).evaluations == 12


BROKEN = {
    "crash": ("raise ZeroDivisionError('ouch')", Status.CRASHED, "ouch"),
    "nan": ("return self.regret * float('nan')", Status.INVALID_OUTPUT, "policy"),
    "negative": ("return -self.infosets.normalize(self.regret)", Status.INVALID_OUTPUT, "non-negative"),
    "loop": ("while True: pass", Status.TIMEOUT, ""),
    "syntax": ("return (", Status.REJECTED, ""),
}


class BreaksSometimes(Immediate):
    """Makes the offline proposer's children fail in turn, each in another way."""

    name = "broken"

    def propose(self, request):
        proposal = OfflineProposer(CFR).propose(request)
        kinds = list(BROKEN)
        if request.index % 2 or request.index // 2 > len(kinds):
            return proposal
        body = BROKEN[kinds[request.index // 2 - 1]][0]
        source = proposal.source + f"\n    def policy(self, t):\n        {body}\n"
        return Proposal(source, proposal.operator, proposal.description, proposal.parents)


def test_failures_are_statuses_with_reasons_and_no_score(archive, tiny, monkeypatch):
    monkeypatch.setattr(CFRDomain, "smoke", _short(CFRDomain.smoke))
    config = tiny(max_evaluations=2 * len(BROKEN) + 2)
    result = start_run(archive, config, name="broken", proposer=BreaksSometimes())
    candidates = {c.index: c for c in archive.candidates.of(archive.runs.get("broken"))}
    for k, (_, status, reason) in enumerate(BROKEN.values()):
        candidate = candidates[2 * k + 2]
        assert candidate.status is status
        assert reason in candidate.reason
        assert candidate.train is None
        rows = archive.evaluations.find(candidate=candidate)
        assert [row.status for row in rows] == [status]
        assert rows[0].scores == ()
    assert result.failures == {"crashed": 1, "invalid_output": 2, "timeout": 1, "rejected": 1} | {
        k: v for k, v in result.failures.items() if k == "duplicate"
    }


def _short(smoke):
    return lambda self, horizon: smoke(self, horizon).model_copy(update={"seconds": 4.0})


class Unreliable(LocalExecutor):
    """Loses the first attempt of every third task."""

    def __init__(self):
        super().__init__(1)
        self.seen = set()

    def wait(self, timeout=None):
        answers = []
        for answer in super().wait(timeout):
            if int(answer.token, 16) % 3 == 0 and answer.token not in self.seen:
                self.seen.add(answer.token)
                answers.append(Lost(answer.token, "the machine coughed"))
            else:
                answers.append(answer)
        return answers


class Frozen:
    """The system's clock, of which four hours pass after the first look: meanwhile, the machine is frozen."""

    def __init__(self):
        self.looks = 0

    def monotonic(self):
        self.looks += 1
        return time.monotonic() + (4 * 3600.0 if self.looks > 1 else 0.0)


def test_workers_of_a_frozen_machine_are_not_given_up(monkeypatch, own_workers):
    clock = Frozen()
    monkeypatch.setattr(local, "time", clock)
    work = CFRDomain()
    task = Task(token="0" * 32, domain="cfr", source=work.source("cfr"), stages=(work.smoke(10),))
    executor = LocalExecutor(1)
    try:
        executor.submit(task)
        answers = []
        while not answers:
            answers = executor.wait()
    finally:
        executor.close()
    assert clock.looks > 1
    assert answers[0].status is Status.OK


def test_lost_work_is_repeated_and_changes_nothing(archive, tiny):
    start_run(archive, tiny(), name="calm")
    executor = Unreliable()
    try:
        start_run(archive, tiny(), name="rough", executor=executor)
    finally:
        executor.close()
    assert executor.seen
    assert history(archive, "rough") == history(archive, "calm")


def test_a_killed_run_loses_nothing_and_leaves_no_process(tmp_path, tiny, archive):
    script = (
        "import sys, json\n"
        "from nashforge.archive import Archive\n"
        "from nashforge.evolve.config.run import RunConfig\n"
        "from nashforge.evolve.runs.run import start_run\n"
        "with Archive.open(sys.argv[1]) as a:\n"
        "    start_run(a, RunConfig.model_validate_json(sys.argv[2]), name='killed')\n"
    )
    config = tiny(max_evaluations=40, workers=2, final_test=False)
    process = subprocess.Popen([sys.executable, "-c", script, archive.database.url, config.model_dump_json()])
    try:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            runs = archive.runs.newest()
            if (
                runs
                and sum(n for status, n in archive.candidates.counts(runs[0]).items() if status.finished) >= 8
            ):
                break
            time.sleep(0.05)
        children = descendants(process.pid)
        assert children
        done = {c.id: c.train for c in archive.candidates.of(archive.runs.get("killed")) if c.status.finished}
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(is_alive(pid) for pid in children):
        time.sleep(0.05)
    assert not [pid for pid in children if is_alive(pid)]
    kept = {c.id: c.train for c in archive.candidates.of(archive.runs.get("killed")) if c.status.finished}
    assert done.items() <= kept.items()
    result = resume_run(archive, archive.runs.get("killed"), changes={"max_evaluations": 20})
    assert result.evaluations >= 20
    start_run(archive, replace_budget(config, 20), name="whole")
    assert history(archive, "killed")[:20] == history(archive, "whole")[:20]


def replace_budget(config, evaluations):
    return config.changed(max_evaluations=evaluations)


@pytest.mark.parametrize("already", [False, True])
def test_what_the_garbage_collector_leaves_aside_is_as_before(archive, tiny, already):
    during = []

    class Ear(Silent):
        def outcome(self, candidate, best):
            during.append(gc.get_freeze_count())

    gc.unfreeze()
    if already:
        gc.freeze()
    before = gc.get_freeze_count()
    start_run(archive, tiny(max_evaluations=1, final_test=False), listener=Ear())
    assert min(during) > 0
    assert (gc.get_freeze_count() > 0) == already == (before > 0)


def test_listeners_hear_every_outcome_in_order(archive, tiny):
    heard = []

    class Ear(Silent):
        def outcome(self, candidate, best):
            heard.append(candidate.index)

    start_run(archive, tiny(workers=2), listener=Ear())
    assert heard == list(range(len(heard)))


def test_an_executor_that_is_woken_stops_waiting():
    executor = LocalExecutor(1)
    try:
        # A worker that never answers: only being woken ends this wait.
        stage = CFRDomain().smoke(10)
        executor.submit(Task(token="0" * 32, domain="cfr", source="", stages=(stage,)))
        executor._workers[0].process.send_signal(signal.SIGSTOP)
        executor.wake()
        assert executor.wait() == []
    finally:
        executor.close()
    executor.wake()  # harmless
