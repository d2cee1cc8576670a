"""Distillation: what does nothing goes, what earns its place stays, and the steps are stored."""

from contextlib import closing

import pytest

from nashforge.archive import Status
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.distill import DistilError, Distiller, config_for, record
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.resuming import nothing_left

ORNATE = '''"""CFR+ with a decoration that changes next to nothing."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Ornate(RegretMinimizer):
    speck = 1e-5

    def start(self):
        self.regret = self.infosets.zeros()
        self.memory = self.infosets.zeros()

    def observe(self, t, regret):
        self.memory = 0.5 * self.memory + 0.5 * regret
        self.regret = np.maximum(self.regret + regret + self.speck * np.tanh(self.memory), 0.0)

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.regret)
'''


@pytest.fixture
def distiller(archive, tiny):
    config = tiny(horizon=60)
    work = domain("cfr")
    stages = {
        split: work.stage(split, suite, config.evaluation.horizon, config.evaluation.fitness)
        for split, suite in (
            ("train", config.evaluation.train),
            ("validation", config.evaluation.validation),
            ("test", config.evaluation.test),
        )
    }
    with closing(LocalExecutor(1)) as executor:
        yield Distiller(archive, work, executor, stages, "dcfr")


def named(source):
    return NamedProgram("ornate.py", source, "cfr", "file")


def test_a_decoration_goes_and_the_rule_stays(distiller, archive, tiny):
    told = []
    found = distiller.distil(
        named(ORNATE),
        tolerance=0.05,
        max_evaluations=60,
        on_try=lambda core, kept, tried: told.append((kept, tried)),
    )
    whole, core = found.steps[0], found.steps[-1]
    assert found.complete
    assert core.size < whole.size
    assert core.holds(whole, 0.05, "train", "validation")
    assert not core.holds(whole, -5.0, "train")
    assert "tanh" not in core.source
    assert "memory" not in core.source
    # Without these it would be far worse.
    assert "np.maximum" in core.source
    assert "return 1, t\n" in core.source
    assert [tried for _, tried in told] == list(range(1, found.tried + 1))
    assert whole.test is not None
    assert core.test is not None
    run, candidates = record(archive, named(ORNATE), found, tiny(horizon=60))
    assert (run.state, run.stop_reason) == ("finished", "distilled")
    now = run_status(archive, run)
    assert (now.result.evaluations, now.limit) == (found.tried, 60), "not only the steps that stayed"
    assert now.result.seconds == pytest.approx(found.seconds, abs=1e-3)
    told = nothing_left(archive, run, {"max_evaluations": 99})
    assert told is not None
    assert f"nashforge distill {candidates[-1].nickname}" in told
    assert [c.parents[0].candidate_id for c in candidates[1:]] == [c.id for c in candidates[:-1]]
    assert {c.status for c in candidates} == {Status.OK}
    assert (candidates[-1].train, candidates[-1].test) == (core.train, core.test)
    assert archive.programs.get(candidates[-1].program).source == core.source
    # What was found by a run is distilled on its games and horizon.
    stored = archive.programs.get(candidates[-1].program)
    again = config_for(
        archive, NamedProgram("core", core.source, "cfr", "archive", stored), {"horizon": None}
    )
    assert (again.evaluation.horizon, again.evaluation.train) == (60, tiny().evaluation.train)


def test_the_budget_bounds_what_is_measured(distiller):
    found = distiller.distil(named(ORNATE), tolerance=0.0, max_evaluations=2)
    assert found.tried == 2
    assert not found.complete


def test_where_no_loss_would_show_nothing_is_taken_away(distiller):
    distiller.reference = "pcfr_plus"
    for split in ("train", "validation"):
        stage = distiller.stages[split]
        fitness = stage.fitness.model_copy(
            update={"kind": "log_ratio", "clip": 1e-9, "reference": "pcfr_plus"}
        )
        distiller.stages[split] = stage.model_copy(update={"fitness": fitness})
    with pytest.raises(DistilError, match="as far behind the reference as fitness counts"):
        distiller.distil(named(ORNATE), tolerance=0.05, max_evaluations=5)
    assert distiller.tried == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "ornate.py cannot be taken apart: the source must define exactly one subclass"),
        (ORNATE.replace("return 1, t", "return 1, t / 0"), "fails in a game"),
    ],
)
def test_what_cannot_be_distilled_is_refused(distiller, source, message):
    with pytest.raises(DistilError, match=message):
        distiller.distil(named(source), tolerance=0.05, max_evaluations=5)
