"""How strictly a program was confined is on record for every evaluation, whatever became of the program."""

from __future__ import annotations

import pytest

from nashforge.archive import Archive
from nashforge.archive.records import Status
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator
from nashforge.evolve.measurement.programs import find_program
from nashforge.evolve.sandbox import probe
from tests.sandboxes import shared_sandbox

FAULTY = {
    "nothing at all": "",
    "a comment": "# nothing\n",
    "no Python": "class (\n",
    "fails while loading": "1 / 0\n",
    "may not be imported": "import os\n",
    "ends its process": "class Oh:\n    pass\nraise SystemExit(3)\n",
}


@pytest.fixture(scope="module", params=domain_names())
def name(request):
    return request.param


@pytest.mark.parametrize("fault", FAULTY)
def test_of_programs_that_fail_while_loading(name, fault):
    work = domain(name)
    sandbox = shared_sandbox(work.host_modules)
    task = Task(token="t", domain=name, source=FAULTY[fault], stages=(work.smoke(10),))
    [stage] = work.evaluate(task, sandbox).stages
    assert stage.status not in (Status.OK, Status.INFRASTRUCTURE)
    assert stage.tier == sandbox.tier.value


def test_of_programs_that_work(name):
    work = domain(name)
    sandbox = shared_sandbox(work.host_modules)
    task = Task(token="t", domain=name, source=work.source(work.seed), stages=(work.smoke(3),))
    report = work.evaluate(task, sandbox)
    assert [stage.tier for stage in report.stages] == [sandbox.tier.value]


def test_in_the_archive(tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("import os\n")
    work = domain("cfr")
    with Archive.open(tmp_path / "a.db") as archive:
        executor = LocalExecutor(1)
        try:
            stage = work.games_stage(["kuhn_poker"], 3, work.fitness)
            Evaluator(archive, work, stage, executor).measure([find_program(str(path), lambda: archive)])
        finally:
            executor.close()
        [row] = archive.evaluations.find()
        assert row.status is Status.REJECTED
        assert row.tier == probe().tier
