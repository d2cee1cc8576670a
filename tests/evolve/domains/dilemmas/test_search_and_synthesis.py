"""The domains in a search, and the refinement protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from nashforge import prompts
from nashforge.archive import Archive
from nashforge.evolve.config.parts import SYNTHESIS
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.arena import HOSTS
from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
from nashforge.evolve.domains.dilemmas.trials import parse_trial, seeded_trial
from nashforge.evolve.evaluation.messages import Fitness, Task
from nashforge.evolve.proposers.base import ProposalError
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.runs.stopping import stop_run
from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.synthesis.refinement import REPAIRS, Refinement
from nashforge.evolve.synthesis.writers import OfflineWriter
from nashforge.games.dilemmas import Setting, SettingError
from nashforge.solvers.policies import policy_source
from nashforge.solvers.policies.metrics import POPULATION

SUITE = """
name = "tiny"
purpose = "Short episodes on a small map."
setting = "cleanup(agents=3,map=cleanup_small,horizon=60)"
train = [1]
validation = [2]
test = [3, 4]
"""


@pytest.fixture
def suite(tmp_path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE)
    return str(path)


@pytest.fixture
def archive(tmp_path) -> Iterator[Archive]:
    with Archive.open(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(HOSTS) as made:
        yield made


def evaluated(sandbox, source, suite, **fitness):
    work = domain("cleanup")
    stage = work.stage("train", suite, 1000, Fitness(**fitness) if fitness else work.fitness)
    return work.evaluate(Task(token="t", domain="cleanup", source=source, stages=(stage,)), sandbox)


def test_fitness_is_efficiency_unless_an_objective_weighs_otherwise(sandbox, suite):
    source = policy_source("duty_rotation")
    report = evaluated(sandbox, source, suite)
    found = {score.metric: score.value for score in report.stages[0].scores}
    assert report.fitness("train") == pytest.approx(found["efficiency"])
    always = {name for name, metric in domain("cleanup").metrics.items() if not metric.on_request}
    assert found.keys() == always - set(POPULATION)
    weighed = evaluated(
        sandbox,
        source,
        suite,
        kind="objective",
        objective="efficiency + 0.5 * min_reward",
        reference="random",
    )
    assert weighed.fitness("train") == pytest.approx(found["efficiency"] + 0.5 * found["min_reward"])


def test_a_group_that_earns_nothing_has_no_equality_to_be_judged_by(sandbox, suite):
    options = {"kind": "objective", "objective": "efficiency + equality", "reference": "random"}
    report = evaluated(sandbox, policy_source("cleaner"), suite, **options)
    assert report.status == "invalid_output"
    assert "equality is undefined" in report.reason


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("return 17", "invalid_output", "act() returned 17"),
        ("return [][0]", "crashed", "IndexError"),
        ("while True: pass", "timeout", ""),
    ],
)
def test_failures_have_a_status_and_a_reason(sandbox, suite, body, status, reason):
    work = domain("cleanup")
    stage = work.stage("train", suite, 1000, work.fitness).model_copy(update={"seconds": 2.0})
    source = f"def act(observation, memory):\n    {body}\n"
    report = work.evaluate(Task(token="t", domain="cleanup", source=source, stages=(stage,)), sandbox)
    assert report.status == status
    assert reason in report.reason


def test_a_suite_of_another_game_is_refused(suite):
    with pytest.raises(SettingError, match="are for gathering"):
        domain("gathering").stage("train", suite, 1000, domain("gathering").fitness)


def test_a_search_improves_on_the_seed_and_repeats(archive, suite):
    options = {"domain": "cleanup", "train": suite, "validation": suite, "test": suite, "workers": 1}
    config = load_config({**options, "max_evaluations": 4})
    first, second = (start_run(archive, config) for _ in range(2))
    assert first.best.train > first.seed.train
    assert first.best.test is not None
    histories = [
        [(c.program, c.train, c.validation) for c in archive.candidates.of(archive.runs.get(result.run))]
        for result in (first, second)
    ]
    assert histories[0] == histories[1]


class Scripted:
    """A writer that hands out what it was given, and remembers what it was told."""

    name = "scripted"

    def __init__(self, *programs):
        self.programs, self.told = list(programs), []

    def write(self, wanted, candidate, rng, waiting):
        waiting()
        self.told.append(wanted)
        program = self.programs.pop(0)
        if program is None:
            raise ProposalError("no idea")
        return program, "as scripted"

    def close(self):
        pass


def refined(archive, suite, sandbox, writer, **options):
    run = archive.runs.create("cleanup", {"domain": "cleanup", "strategy": SYNTHESIS}, seed=0)
    return Refinement(archive, run, load_dilemma_suite(suite), sandbox, writer, **options).execute()


def test_a_refinement_tells_what_was_measured_and_takes_the_last_policy(archive, suite, sandbox):
    good, bad = policy_source("nearest_apple"), policy_source("cleaner")
    writer = Scripted(good, bad)
    result = refined(archive, suite, sandbox, writer, level="dense", refinements=1)
    assert [step.status for step in result.steps] == ["ok", "ok"]
    assert result.chosen.source == bad
    assert set(result.test) >= {"efficiency", "min_reward"}
    first, second = writer.told
    assert "Interface" in first.system
    assert first.user.startswith("Write a policy")
    assert good.strip() in second.user
    assert "Iteration 0: average reward per agent" in second.user
    assert "- efficiency: " in second.user
    assert "What the metrics mean" in second.user


def test_selection_keeps_the_best_on_validation_seeds_and_refines_it(archive, suite, sandbox):
    good, bad = policy_source("nearest_apple"), policy_source("cleaner")
    writer = Scripted(good, bad, bad)
    result = refined(archive, suite, sandbox, writer, level="sparse", refinements=2, select=True)
    assert result.chosen.source == good
    assert writer.told[2].previous == good
    assert "efficiency" not in writer.told[2].user
    assert "Iteration 1: average reward" in writer.told[2].user


def test_what_fails_is_given_back_for_repair_a_few_times(archive, suite, sandbox):
    broken = "def act(observation, memory):\n    return undefined_name\n"
    writer = Scripted(broken, broken, policy_source("nearest_apple"))
    result = refined(archive, suite, sandbox, writer, level="dense", refinements=0)
    assert [step.status for step in result.steps] == ["crashed", "crashed", "ok"]
    assert "undefined_name" in writer.told[1].user
    assert "NameError" in writer.told[1].user
    assert writer.told[1].repairs
    (row,) = archive.evaluations.find(candidate=result.steps[0].candidate)
    assert (row.split, row.status, row.scores) == ("train", "crashed", ())
    assert row.tier == sandbox.tier
    assert "undefined_name" in row.reason
    hopeless = Scripted(*[broken] * (REPAIRS + 1))
    result = refined(archive, suite, sandbox, hopeless, level="dense", refinements=0)
    assert result.chosen is None
    assert len(result.steps) == REPAIRS + 1


def test_a_refinement_is_seen_at_work_and_stops_when_it_is_asked(archive, suite, sandbox):
    seen = []

    class Watched(Scripted):
        def write(self, wanted, candidate, rng, waiting):
            run = archive.runs.get(candidate.run_id)
            seen.append(run_status(archive, run).state)
            if len(seen) == 2:
                assert stop_run(archive, run)
            return super().write(wanted, candidate, rng, waiting)

    writer = Watched(*[policy_source("nearest_apple")] * 3)
    result = refined(archive, suite, sandbox, writer, level="sparse", refinements=2)
    assert seen == ["running", "running"]
    assert [step.status for step in result.steps] == ["ok", "ok"]
    assert not result.test
    run = archive.runs.get(result.run)
    assert (run.state, run.stop_reason, run.owner) == ("stopped", "stopped", None)


def test_a_refinement_that_fails_gives_its_run_up(archive, suite, sandbox):
    class Failing(Scripted):
        def write(self, wanted, candidate, rng, waiting):
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        refined(archive, suite, sandbox, Failing(), level="sparse")
    (run,) = archive.runs.newest()
    assert (run.state, run.stop_reason, run.owner) == ("failed", "no space left on device", None)


def test_a_writer_without_an_answer_is_a_failed_step(archive, suite, sandbox):
    result = refined(
        archive, suite, sandbox, Scripted(None, policy_source("random")), level="rich", refinements=0
    )
    assert [step.status for step in result.steps] == ["rejected", "ok"]
    assert result.steps[0].reason == "no idea"


def test_the_offline_writer_refines_and_everything_is_stored(archive, suite, sandbox):
    writer = OfflineWriter("cleanup", policy_source("nearest_apple"))
    result = refined(archive, suite, sandbox, writer, level="rich", refinements=2)
    run = archive.runs.get(result.run)
    assert str(run.state) == "finished"
    candidates = archive.candidates.of(run)
    assert [c.operator for c in candidates] == ["rewrite", "refine", "refine"]
    assert all(c.train is not None for c in candidates)
    assert candidates[-1].test == result.test["efficiency"].mean
    rows = archive.evaluations.find(candidate=candidates[-1])
    assert [(row.split, row.fitness) for row in rows] == [
        ("train", candidates[-1].train),
        ("validation", candidates[-1].validation),
        ("test", candidates[-1].test),
    ]
    gini = [score.value for score in rows[0].scores if score.metric == "gini"]
    assert np.mean(gini) == pytest.approx(result.steps[-1].train["gini"].mean)
    assert json.dumps(run.config)


@pytest.mark.parametrize("game", ["gathering", "cleanup"])
def test_system_prompts_show_the_interface_and_the_map(game):
    from nashforge.evolve.proposers.llm.feedback import load_feedback
    from nashforge.evolve.proposers.llm.prompting import Prompter

    work = domain(game)
    text = Prompter(work, work.stage("train", game, 1000, work.fitness), load_feedback("dense")).system
    assert f"{game}/system" in prompts.template_names()
    assert [line for line in text.splitlines() if line.startswith("# ")] == [
        "# Role",
        "# Interface",
        "# Sandbox",
        "# Task",
    ]
    assert ("8 clean" in text) == (game == "cleanup")
    assert "class Observation(NamedTuple)" in text
    assert "parts by number. Whatever `act` is given may be used" in text
    assert "drawn anew for each step and told to nobody" in text
    assert "######" in text


def test_a_trial_on_a_map_of_the_users_knows_what_was_drawn(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("#####\n#PA.#\n#####\n")
    trial = seeded_trial(Setting("gathering", map=str(path), horizon=5), 3)
    assert parse_trial(trial.game) == (Setting("gathering", map=str(path), horizon=5), 3)
    path.write_text("#####\n#PAA#\n#####\n")
    # What is stored of the first map is nothing that the second could be compared with.
    again = seeded_trial(Setting("gathering", map=str(path), horizon=5), 3)
    assert again.label != trial.label
    with pytest.raises(SettingError, match="restore the file, or measure again"):
        parse_trial(trial.game)
    own = Setting("gathering", map="gathering_small")
    assert seeded_trial(own, 0).game == f"{own} seed=0"
