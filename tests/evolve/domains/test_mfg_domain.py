"""The domain of mean-field learners: measured in the sandbox as in-process, searched by its mechanisms."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.domains.mfg import MFGDomain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Task
from nashforge.evolve.measurement.solve import usual_domain
from nashforge.evolve.measurement.suites import find_suite
from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.grammars.mfg.grammar import MFG
from nashforge.evolve.proposers.rewriting.grammars.mfg.mechanisms import MECHANISMS
from nashforge.evolve.proposers.rewriting.mutation import mutate
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import read_module, write_module
from nashforge.evolve.sandbox import Sandbox
from nashforge.games.meanfield.suite_files import MEAN_FIELD_SUITES
from nashforge.games.suites import family
from nashforge.prompts import families
from nashforge.solvers import solve
from nashforge.solvers.meanfield.rules import LIBRARY
from nashforge.testing import check_domain

DOMAIN = MFGDomain()
SMALL = "mfg_garnet(size=5,horizon=3)"
NEGATIVE = Fitness(kind="negative")


def run(source: str, game: str = SMALL, fitness: Fitness = NEGATIVE):
    stage = DOMAIN.games_stage([game], 10, fitness)
    DOMAIN.prepare(stage)
    with Sandbox(hosts=DOMAIN.host_modules) as sandbox:
        return DOMAIN.evaluate(
            Task(token="t", domain="mfg", source=source, stages=(DOMAIN.smoke(10), stage)), sandbox
        )


def test_it_keeps_what_domains_promise() -> None:
    check_domain(DOMAIN)


@pytest.mark.parametrize("game", [SMALL, "python_mfg_predator_prey(horizon=2)"])
def test_the_sandbox_measures_what_this_process_measures(game: str) -> None:
    report = run(LIBRARY.source("tuned_omd"), game)
    assert report.status == "ok", report.reason
    expected = solve(game, "tuned_omd", 10, ()).gap
    assert report.fitness("test") == pytest.approx(-expected, rel=1e-12)


def test_fitness_is_orders_of_magnitude_below_fictitious_play() -> None:
    report = run(LIBRARY.source("tuned_omd"), fitness=DOMAIN.fitness)
    assert DOMAIN.fitness.reference == "mfg_fictitious_play"
    assert report.status == "ok", report.reason


def test_what_is_no_policy_is_a_failure_of_the_program() -> None:
    source = LIBRARY.source("tuned_omd").replace("return self.softmax(self.total)", "return self.total")
    report = run(source)
    assert report.status == "invalid_output"
    assert "must return non-negative numbers that sum to 1" in (report.reason or "")


def test_scales_multiply_rewards_and_are_taken_from_what_is_measured() -> None:
    trial = DOMAIN.trial(SMALL, 10)
    large = DOMAIN.read(trial.model_copy(update={"scale": 8.0})).game
    plain = DOMAIN.read(trial).game
    assert np.array_equal(large.terms.constant, 8.0 * plain.terms.constant)
    assert DOMAIN.unit(trial.model_copy(update={"scale": 8.0})) == 8.0


def test_games_that_validate_are_disguised() -> None:
    stage = DOMAIN.stage("validation", "mfg-validation", 10, NEGATIVE)
    assert all(trial.disguise is not None for trial in stage.trials)
    face = DOMAIN.trial(SMALL, 10).model_copy(update={"disguise": Disguise(seed=3)})
    before, after = DOMAIN.read(DOMAIN.trial(SMALL, 10)).game, DOMAIN.read(face).game
    assert not np.array_equal(before.action, after.action)


def test_splits_share_no_game_and_test_families_are_unseen() -> None:
    games = {split: MEAN_FIELD_SUITES.load(f"mfg-{split}").games for split in ("train", "validation", "test")}
    assert not set(games["train"]) & set(games["validation"])
    seen = {family(game) for game in (*games["train"], *games["validation"])}
    assert not seen & {family(game) for game in games["test"]}
    assert find_suite("mfg-train").kind == "mean-field"


def test_facts_tell_the_size() -> None:
    assert DOMAIN.facts(DOMAIN.trial(SMALL, 10)) == "15 states, 3 actions, 3 decisions"
    several = DOMAIN.trial("python_mfg_predator_prey(horizon=2)", 10)
    assert DOMAIN.facts(several).startswith("3 populations, 21 states")


def test_mean_field_games_are_solved_by_learners_unless_somebody_names_others() -> None:
    assert usual_domain("mfg_garnet(size=3)") == "mfg"
    assert usual_domain("kuhn_poker") == "cfr"
    assert solve(SMALL, iterations=3).program == "tuned_omd"


def test_programs_of_the_library_have_no_issues() -> None:
    for name in LIBRARY.names():
        assert not issues(read_module(LIBRARY.source(name), MFG)), name


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_mechanisms_give_learners_that_play(mechanism) -> None:
    namespace: dict[str, object] = {"np": np}  # which children import when they are written
    module = read_module(LIBRARY.source("tuned_omd"), MFG)
    (program,) = module.programs
    assert mechanism.apply(program, np.random.default_rng(0), 1.0)
    exec(write_module(module), namespace)
    (learner,) = (value for name, value in namespace.items() if name == "TunedMirrorDescent")
    assert np.isfinite(solve(SMALL, learner, 10, ()).gap)


def test_ideas_are_counted_in_families_that_prompts_know() -> None:
    assert {mechanism.operator.family for mechanism in MECHANISMS} <= families("mfg").keys()


def test_most_children_of_learners_play() -> None:
    played = 0
    for seed in range(30):
        parent = LIBRARY.source(("tuned_omd", "mfg_regret_matching", "mfg_fictitious_play")[seed % 3])
        try:
            child = mutate(parent, np.random.default_rng(seed), grammar=MFG).source
        except NotApplicable:
            continue
        namespace: dict[str, object] = {"__name__": "child"}
        exec(child, namespace)
        learner = next(v for v in namespace.values() if getattr(v, "__module__", "") == "child")
        try:
            with np.errstate(all="ignore"):
                played += np.isfinite(solve(SMALL, learner, 10, ()).gap)
        except (ValueError, TypeError, IndexError, ArithmeticError, NameError):
            continue
    assert played >= 22
