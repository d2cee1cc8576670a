"""The psro domain: what is measured, how failures are told, disguises, a run from start to end."""

import numpy as np
import pytest

from nashforge.archive import RunState
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Stage, Task, Trial
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.sandbox import Sandbox

HEAD = "from nashforge.solvers.psro.interface import MetaSolver\n\n\nclass Mine(MetaSolver):\n"
UNIFORM = "    def train(self, t, game):\n        return game.uniform()\n"


@pytest.fixture(scope="module")
def work():
    return domain("psro")


@pytest.fixture(scope="module")
def sandbox(work):
    with Sandbox(hosts=work.host_modules) as shared:
        yield shared


def stage(game="kuhn_poker", iterations=6, seconds=30.0, disguise=None, **options):
    trial = Trial(
        label=game, game=game, iterations=iterations, checkpoints=(1, iterations), disguise=disguise
    )
    kind = Fitness(kind="negative", reference="uniform")
    return Stage(split="train", suite="x", trials=(trial,), fitness=kind, seconds=seconds, **options)


def report(work, sandbox, source, *stages):
    return work.evaluate(Task(token="t", domain="psro", source=source, stages=stages or (stage(),)), sandbox)


def test_measures_the_curve_the_population_and_the_time(work, sandbox):
    found = report(work, sandbox, work.source("uniform"), stage("kuhn_poker(players=3)"))
    assert found.status == "ok"
    scores = {(s.metric, s.iteration): s.value for s in found.stages[0].scores}
    always = {name for name, metric in work.metrics.items() if not metric.on_request}
    assert {name for name, _ in scores} == always
    for metric in always - {"seconds"}:
        assert (metric, 1) in scores
    assert scores["policies", 6] == 7
    assert scores["train_entropy", 6] == pytest.approx(1)
    assert scores["exploitability", 6] < scores["exploitability", 1]
    assert 0 < scores["solver_seconds", 6] <= scores["elapsed", 6]
    assert scores["seconds", None] == scores["elapsed", 6]
    assert found.fitness("train") == pytest.approx(-scores["exploitability", 6])
    for score in found.stages[0].scores:
        assert score.direction == work.metrics[score.metric].direction


def test_too_slow_is_a_timeout_that_says_how_far_it_came(work, sandbox):
    source = HEAD + "    def train(self, t, game):\n        while t > 3:\n            pass\n"
    source += "        return game.uniform()\n\n    evaluate = train\n"
    found = report(work, sandbox, source, stage(seconds=1.0))
    assert found.status == "timeout"
    # Of processor time or, on a busy machine, of wall time.
    assert "used up its" in found.reason or "took longer than" in found.reason
    assert "in kuhn_poker" in found.reason
    assert "for the first 1 of 6 iterations" in found.reason
    assert found.stages[0].scores == ()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("        return game.uniform() - 0.9\n", "invalid_output", "non-negative weights"),
        ("        return game.uniform()[0]\n", "invalid_output", "must return shape"),
        ("        return game.uniform() / 0 * 0\n", "invalid_output", "not finite"),
        ("        return game.payoffs(0, t)\n", "crashed", "strategies must have shape"),
        ("        import os\n", "rejected", "may not import 'os'"),
    ],
)
def test_failures_have_a_status_and_a_reason(work, sandbox, body, status, reason):
    source = HEAD + UNIFORM + f"\n    def evaluate(self, t, game):\n{body}"
    found = report(work, sandbox, source)
    assert found.status == status
    assert reason in found.reason


def test_a_program_must_define_one_solver(work, sandbox):
    found = report(work, sandbox, "from nashforge.solvers.psro.interface import MetaSolver\n")
    assert found.status == "rejected"
    assert "exactly one subclass of MetaSolver; found none" in found.reason


def test_validation_hides_the_order_and_the_unit(work, sandbox):
    """A solver that trusts the order of policies (the newest last) loses on a disguise; uniform does not."""
    newest = HEAD + "    def train(self, t, game):\n        weights = 0 * game.uniform() + 1e-3\n"
    newest += "        weights[:, 0] = 1.0\n        return weights\n\n    evaluate = train\n"
    plain = stage("kuhn_poker", 12)
    hidden = stage("kuhn_poker", 12, disguise=Disguise(seed=3, dummies=0.0, perturbation=0.0))
    value = {}
    for name, source in (("newest", newest), ("uniform", work.source("uniform"))):
        for kind, trial in (("plain", plain), ("hidden", hidden)):
            value[name, kind] = -report(work, sandbox, source, trial).fitness("train")
    assert value["uniform", "hidden"] == pytest.approx(value["uniform", "plain"], rel=1e-6)
    assert value["newest", "hidden"] != pytest.approx(value["newest", "plain"], rel=1e-2)


def test_smoke_tells_programs_apart_and_recognises_equal_ones(work, sandbox):
    smoke = work.smoke(100)
    first = report(work, sandbox, work.source("uniform"), smoke)
    same = HEAD + UNIFORM + "\n    def evaluate(self, t, game):\n        return 3 * game.uniform()\n"
    assert report(work, sandbox, same, smoke).stages[0].fingerprint == first.stages[0].fingerprint
    other = report(work, sandbox, work.source("projection_matching"), smoke)
    assert other.stages[0].fingerprint != first.stages[0].fingerprint


def test_the_system_prompt_can_be_rendered(work):
    train = work.stage("train", work.suites["train"], 100, work.fitness)
    text = Prompter(work, train, load_feedback("dense")).system
    assert "class RestrictedGame" in text
    assert "leduc_poker: 468 + 468 information sets" in text
    assert "{{" not in text


def test_a_run_finds_something_better_than_uniform(archive, tmp_path):
    suite = tmp_path / "tiny.toml"
    suite.write_text('name = "tiny"\npurpose = "One tiny game."\ngames = ["kuhn_poker"]\n')
    options = {"domain": "psro", "horizon": 8, "workers": 1, "max_evaluations": 6, "seed": 1}
    options |= {name: str(suite) for name in ("train", "validation", "test")}
    finished = start_run(archive, load_config(options))
    assert finished is not None
    (listed,) = archive.runs.newest(limit=1)
    assert listed.state is RunState.FINISHED
    best = max(c.train for c in archive.candidates.of(listed) if c.train is not None)
    assert np.isfinite(best)
    assert best > 0
