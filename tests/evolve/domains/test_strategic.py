"""Strategic measures of CFR rules and meta-solvers: on request, as in the library, and as objectives."""

from __future__ import annotations

import pytest

from nashforge import games
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Stage, Strategic, Task, Trial
from nashforge.solvers.equilibria.gaps import rqe_gap
from nashforge.solvers.metrics.registry import UndefinedMetricError, measures
from nashforge.solvers.metrics.robustness import risk_adjusted_values, robustness_curve, security_values
from nashforge.solvers.risk import Risk
from nashforge.solvers.solving import solve
from tests.sandboxes import shared_sandbox

ON_REQUEST = [name for name, one in domain("cfr").metrics.items() if one.on_request]
ONE_SHOT = ("price_of_anarchy", "free_riding")
HOW = Strategic(
    metrics=tuple(name for name in ON_REQUEST if name not in ONE_SHOT), tau=0.5, epsilon=0.2, radius=0.3
)
NEGATIVE = Fitness(kind="negative", strategic=HOW)


def measured(name: str, program: str, game: str, fitness: Fitness, disguise: Disguise | None = None):
    work = domain(name)
    trial = Trial(label=game, game=game, iterations=12, checkpoints=(12,), disguise=disguise)
    stage = Stage(split="test", suite="x", trials=(trial,), fitness=fitness, seconds=60)
    work.prepare(stage)
    task = Task(token="t", domain=name, source=work.source(program), stages=(stage,))
    return work.evaluate(task, shared_sandbox(work.host_modules))


@pytest.mark.parametrize(("name", "program"), [("cfr", "cfr_plus"), ("psro", "nash")])
def test_measures_are_those_of_the_library(name: str, program: str) -> None:
    report = measured(name, program, "kuhn_poker", NEGATIVE)
    assert report.status == "ok", report.reason
    scores = {score.metric: score for score in report.stages[0].scores}
    form = games.compile("kuhn_poker")
    found = solve(form, program, 12, kind=name).policy
    expected = {
        "qre_gap": rqe_gap(form, found, tau=0.0, epsilon=0.2),
        "rqe_gap": rqe_gap(form, found, tau=0.5, epsilon=0.2),
        "risk_adjusted_value": risk_adjusted_values(form, found, Risk(0.5)).mean(),
        "robust_value": sum(robustness_curve(form, found, p, [0.3])[0] for p in (0, 1)) / 2,
        "security_value": security_values(form, found).mean(),
        "cross_play_gap": 0.0,  # of welfare: the game is zero-sum
        "worst_cross_play": 0.0,
        "welfare": 0.0,
    }
    for metric, value in expected.items():
        assert scores[metric].value == pytest.approx(value, abs=1e-9), metric
        assert scores[metric].direction == measures()[metric].direction


def test_nothing_is_measured_unless_it_is_asked_for() -> None:
    report = measured("cfr", "cfr", "kuhn_poker", Fitness(kind="negative"))
    assert not {score.metric for score in report.stages[0].scores} & set(ON_REQUEST)


@pytest.mark.parametrize("disguise", [None, Disguise(seed=7, dummies=0.2, perturbation=0.1)])
def test_objectives_have_what_they_name_measured(disguise: Disguise | None) -> None:
    fitness = Fitness(kind="objective", objective="log(rqe_gap) + 0.5*risk_adjusted_value")
    report = measured("psro", "uniform", "kuhn_poker", fitness, disguise)
    assert report.status == "ok", report.reason
    scores = {score.metric: score.value for score in report.stages[0].scores}
    assert set(ON_REQUEST) & set(scores) == {"rqe_gap", "risk_adjusted_value"}
    assert report.fitness("test") is not None


def test_one_shot_games_have_a_price_of_anarchy_and_strangers() -> None:
    names = (*ONE_SHOT, "cross_play_gap", "worst_cross_play")
    fitness = Fitness(kind="negative", strategic=Strategic(metrics=names))
    report = measured("cfr", "cfr", "matrix_pd", fitness)
    scores = {score.metric: score.value for score in report.stages[0].scores}
    assert 1 <= scores["price_of_anarchy"] <= 5
    assert abs(scores["cross_play_gap"]) < 5
    assert 1 <= scores["worst_cross_play"] <= 5
    assert 0 <= scores["free_riding"] < 5  # a shared reward less 5 for who cooperates


@pytest.mark.parametrize(
    ("game", "metric", "words"),
    [
        ("kuhn_poker", "price_of_anarchy", "one-shot games of two players, .*; kuhn_poker is none"),
        ("kuhn_poker(players=3)", "rqe_gap", "two players; .* has 3"),
        ("kuhn_poker", "free_riding", "one-shot games of two players, .*; kuhn_poker is none"),
        (
            "matrix_rps",
            "free_riding",
            "shared reward less private costs .* those of matrix_rps are not",
        ),
    ],
)
def test_what_is_undefined_is_told_before_anything_runs(game: str, metric: str, words: str) -> None:
    fitness = Fitness(kind="negative", strategic=Strategic(metrics=(metric,)))
    with pytest.raises(UndefinedMetricError, match=words):
        measured("cfr", "cfr", game, fitness)


def test_digests_are_as_they_were_without_strategic_measures() -> None:
    assert "strategic" not in Fitness().model_dump()
    assert Fitness.model_validate(NEGATIVE.model_dump()) == NEGATIVE
