"""What is asked of a domain: completeness, metrics, a fitness that suits them, defaults of runs."""

import pytest

from nashforge.evolve.config.run import load_config
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.cfr import CFRDomain
from nashforge.evolve.domains.checks import DomainError, FitnessError, check_fitness, complete
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Fitness, Stage, Trial
from nashforge.evolve.evaluation.metrics import by_name
from nashforge.evolve.runs.proposers import make_proposer
from nashforge.evolve.runs.run import Parts, check
from nashforge.solvers.metrics.registry import Metric


@pytest.mark.parametrize("name", domain_names())
def test_every_domain_is_complete(name):
    found = complete(domain(name), name)
    assert found.name == name
    check_fitness(found, found.fitness)
    assert {"train", "validation", "test"} <= set(found.suites)
    assert found.seed in found.baselines()
    for metric in found.metrics.values():
        assert metric.label


def test_what_is_missing_is_named():
    class Unfinished(Domain):
        name = "matrix"

        def programs(self):
            return {}

        def play(self, source, trial, sandbox, limits, result):
            return []

    with pytest.raises(DomainError, match="domain 'matrix' lacks seed, host_modules, suites; add what docs"):
        complete(Unfinished(), "matrix")
    with pytest.raises(DomainError, match=r"is a object; derive its class from nashforge\.evolve"):
        complete(object(), "matrix")


def test_a_domain_needs_little_and_has_the_rest():
    class Small(Domain):
        name, seed, host_modules, suites = (
            "small",
            "cfr",
            ("nashforge.solvers.cfr.host",),
            {"train": "cfr-smoke"},
        )

        def programs(self):
            return {"cfr": CFRDomain().source("cfr")}

        def play(self, source, trial, sandbox, limits, result):
            return []

    small = complete(Small(), "small")
    assert (small.title, small.evaluator, small.baselines()) == ("small", "small-1", ("cfr",))
    assert small.fitness == Fitness(kind="log_ratio", reference="cfr")
    assert [trial.game for trial in small.stage("train", "cfr-smoke", 7, small.fitness).trials]
    assert small.smoke(100).trials[0].iterations == 20
    assert "class RegretMinimizer" in str(small.prompt_variables(small.smoke(5))["interface"])
    assert (small.grammar(), small.proposer(), small.translate("x"), small.length("cfr-smoke", 7)) == (
        None, None, None, "7 iterations",
    )  # fmt: skip


def test_the_metric_must_be_among_the_metrics():
    class Odd(CFRDomain):
        metric = "nash_conv"

    with pytest.raises(DomainError, match="'nash_conv' of the domain 'cfr' is not among its metrics"):
        complete(Odd(), "cfr")


def test_programs_are_not_judged_by_what_only_tells_how_they_work():
    class Sizes(CFRDomain):
        metrics = by_name([Metric("size", "max", diagnostic=True)])
        metric = "size"

    with pytest.raises(DomainError, match="neither way of it is better"):
        complete(Sizes(), "sizes")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cfr", {"alternating", "persisting", "policy_step"}),
        ("psro", {"policies", "distinct", "train_entropy", "evaluate_entropy"}),
        ("gathering", {"population", "spawned"}),
        ("rrps", set()),
    ],
)
def test_metrics_that_only_tell_how_programs_work_have_no_better_way(name, told):
    metrics = domain(name).metrics.values()
    assert {metric.name for metric in metrics if metric.better == "neither"} == told
    assert all(metric.best([0.0, 1.0]) is None for metric in metrics if metric.name in told)
    assert all(metric.best([0.0, 1.0]) is not None for metric in metrics if metric.name not in told)


def test_metrics_have_names_and_directions():
    with pytest.raises(ValueError, match="direction of reward is 'up'"):
        Metric("reward", "up")
    with pytest.raises(ValueError, match="'2nd' must be a Python identifier"):
        Metric("2nd", "max")
    twice = Metric("reward", "max")
    with pytest.raises(ValueError, match="two metrics 'reward'"):
        by_name([twice, twice])
    assert (twice.best([1.0, 2.0]), twice.better) == (2.0, "more")
    assert (Metric("regret", "min").best([2.0, 1.0]), twice.best([])) == (1.0, None)
    assert Metric("wall_time", "min", unit="s").label == "wall time (s)"


class Rewarding(CFRDomain):
    """A domain of which more is better, and that no offline proposer writes for."""

    name = "rewarding"
    metric = "reward"
    metrics = by_name([Metric("reward", "max")])
    fitness = Fitness(kind="value")

    def proposer(self):
        return None


@pytest.mark.parametrize(
    ("work", "fitness", "message"),
    [
        (CFRDomain(), Fitness(kind="value"), "less of exploitability is better; choose 'log_ratio'"),
        (Rewarding(), Fitness(kind="negative"), "more of reward is better; choose 'value'"),
        (CFRDomain(), Fitness(reference="cfr_ultra"), "'cfr_ultra' of fitness is no program of the library"),
    ],
)
def test_a_fitness_must_suit_the_metric(work, fitness, message):
    with pytest.raises(FitnessError, match=message):
        check_fitness(work, fitness)


def test_values_are_averaged_as_they_are():
    values = {"a": 1.0, "b": -3.0}
    assert fitness_of(Fitness(kind="value"), values, {}) == -1.0
    assert fitness_of(Fitness(kind="negative"), values, {}) == 1.0


def test_a_run_takes_its_fitness_from_the_domain(tmp_path):
    rewarding = Rewarding()
    assert load_config({}, domain=rewarding).evaluation.fitness == Fitness(kind="value")
    path = tmp_path / "run.toml"
    path.write_text('domain = "rewarding"\n[fitness]\nfloor = 1e-3\n')
    assert load_config({}, path, domain=rewarding).evaluation.fitness == Fitness(kind="value", floor=1e-3)


def test_every_island_needs_room():
    with pytest.raises(ConfigError, match="a population of 12 is too small for 13 islands"):
        load_config({"islands": 13})
    assert load_config({"islands": 13, "archive": 13}).population.islands == 13


def test_measures_of_a_run_file_stay_when_risk_is_given(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('[fitness.strategic]\nmetrics = ["robust_value"]\n')
    strategic = load_config({"risk": "kl tau=2"}, path).evaluation.fitness.strategic
    assert (strategic.metrics, strategic.tau) == (("robust_value",), 2.0)


def test_a_domain_without_offline_proposer_says_so():
    config = load_config({"proposer": "offline"}, domain=Rewarding())
    with pytest.raises(ConfigError, match="has no offline proposer"):
        make_proposer(config, Rewarding())
    with pytest.raises(ConfigError, match="has no offline proposer"):
        check(config, Parts(domain=Rewarding()))


def test_a_domain_that_is_not_installed_is_given_with_a_configuration_of_its_own():
    assert load_config({}, domain=Rewarding()).domain == "rewarding"
    with pytest.raises(ConfigError, match="of the domain 'cfr', and the domain given is 'rewarding'"):
        check(load_config({}), Parts(domain=Rewarding()))


def test_stages_keep_the_digests_of_earlier_versions():
    # The archive finds earlier measurements by them.
    stage = Stage(
        split="train",
        suite="s",
        trials=(Trial(label="kuhn_poker", game="kuhn_poker", iterations=10, checkpoints=(1, 10)),),
    )
    assert stage.digest == "c95a982fd2c35e97"
