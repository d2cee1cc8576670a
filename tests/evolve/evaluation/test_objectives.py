"""Objectives: what they mean, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.archive.records import Score
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.checks import FitnessError, check_fitness
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Fitness, Stage, Trial
from nashforge.evolve.evaluation.objectives import (
    AGGREGATES,
    ObjectiveError,
    checked_objective,
    final_scores,
    parse_objective,
)
from nashforge.evolve.runs.run import check

SCORES = [
    Score(game="a", metric="efficiency", value=8.0, direction="max"),
    Score(game="b", metric="efficiency", value=2.0, direction="max"),
    Score(game="c", metric="efficiency", value=3.0, direction="max"),
    Score(game="a", metric="exploitability", value=0.5, iteration=1),
    Score(game="a", metric="exploitability", value=0.01, iteration=10),
    Score(game="b", metric="exploitability", value=0.1, iteration=10),
    Score(game="c", metric="exploitability", value=0.0, iteration=10),
    Score(game="", metric="crossplay", value=4.0, direction="max"),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("efficiency", 13 / 3),
        ("exploitability", -0.11 / 3),
        ("worst(efficiency)", 2.0),
        ("best(efficiency)", 8.0),
        ("median(efficiency)", 3.0),
        ("worst(exploitability)", -0.1),
        ("log(exploitability)", (2 + 1 + 7) / 3),
        ("worst(log(exploitability))", 1.0),
        ("0.7*efficiency + 0.3*worst(efficiency)", 0.7 * 13 / 3 + 0.6),
        ("efficiency/2 + exploitability*10", 13 / 6 - 1.1 / 3),
        ("worst(efficiency + 100*exploitability)", -8.0),
        ("2*(mean(efficiency) + crossplay)", 26 / 3 + 8.0),
    ],
)
def test_values(text, value):
    assert parse_objective(text).value(SCORES, floor=1e-7) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read; write a sum"),
        ("0.7*", "cannot be read"),
        ("efficiency - 0.1*seconds", "subtracts; write \\+ with a positive weight"),
        ("-seconds", "subtracts"),
        ("-1*seconds", "no positive number times a metric"),
        ("0*seconds", "no positive number"),
        ("seconds*seconds", "no positive number"),
        ("seconds/0", "no positive number"),
        ("3", "'3' in the objective '3' is not understood"),
        ("max(efficiency)", "'max\\(efficiency\\)' .* is not understood"),
        ("log(2*efficiency)", "is not understood"),
        ("__import__('os').system('true')", "is not understood"),
        ("efficiency if 1 else seconds", "is not understood"),
    ],
)
def test_what_is_no_objective_is_refused(text, message):
    with pytest.raises(ObjectiveError, match=message):
        parse_objective(text)


def test_unknown_metrics_are_refused_by_name():
    with pytest.raises(
        ObjectiveError, match="names 'fun', which the domain 'dull' does not measure; choose one of"
    ):
        checked_objective("efficiency + fun", ["efficiency", "seconds"], "dull")


def test_metrics_that_were_not_measured_are_named():
    with pytest.raises(ObjectiveError, match="needs joy, not measured here"):
        parse_objective("efficiency + joy").value(SCORES, 1e-7)
    with pytest.raises(ObjectiveError, match="measured in different games"):
        parse_objective("efficiency + crossplay").value(SCORES, 1e-7)


def test_the_archive_s_scores_are_read_alike():
    stored = [Score(s.game, s.metric, s.value, s.direction, s.iteration) for s in SCORES]
    assert final_scores(stored) == final_scores(SCORES)
    assert final_scores(stored)["exploitability"] == ("min", {"a": 0.01, "b": 0.1, "c": 0.0})


weights = st.floats(0.01, 100)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6),
    st.sampled_from(sorted(AGGREGATES)),
    weights,
    weights,
)
def test_better_values_never_make_an_objective_worse(values, aggregate, weight, gain):
    def of(numbers, direction):
        scores = [Score(game=str(k), metric="m", value=x, direction=direction) for k, x in enumerate(numbers)]
        return parse_objective(f"{weight!r}*{aggregate}(m)").value(scores, 1e-7)

    for direction, sign in (("max", 1), ("min", -1)):
        better = [values[0] + sign * gain, *values[1:]]
        assert of(better, direction) >= of(values, direction)


def test_a_fitness_with_an_objective_is_that_objective():
    fitness = Fitness(kind="objective", objective="log(exploitability)", floor=1e-3)
    assert fitness_of(fitness, {}, {}, SCORES) == pytest.approx(2.0)
    check_fitness(domain("cfr"), fitness)
    with pytest.raises(FitnessError, match="'reward', which the domain 'cfr' does not measure"):
        check_fitness(domain("cfr"), Fitness(kind="objective", objective="reward"))
    with pytest.raises(ValueError, match="goes with an objective"):
        Fitness(kind="objective")
    assert Fitness.model_validate_json(fitness.model_dump_json()) == fitness


def test_stages_with_objectives_have_digests_of_their_own():
    trial = Trial(label="a", game="a", iterations=1)
    fitnesses = [Fitness(), *(Fitness(kind="objective", objective=text) for text in ("a", "b"))]
    digests = {Stage(split="train", suite="s", trials=(trial,), fitness=f).digest for f in fitnesses}
    assert len(digests) == 3
    assert "objective" not in Fitness().model_dump()


def test_a_run_is_configured_by_its_objective(tmp_path):
    config = load_config({"objective": "log(exploitability) + 0.1*log(seconds)"})
    assert config.evaluation.fitness.kind == "objective"
    assert config.evaluation.fitness.floor == domain("cfr").fitness.floor
    path = tmp_path / "run.toml"
    path.write_text('objective = "worst(exploitability)"\n[fitness]\nfloor = 1e-4\n')
    fitness = load_config({}, path).evaluation.fitness
    assert fitness == Fitness(
        kind="objective",
        objective="worst(exploitability)",
        floor=1e-4,
        clip=fitness.clip,
        reference=domain("cfr").fitness.reference,
    )
    with pytest.raises(FitnessError, match="'reward', which the domain 'cfr' does not measure"):
        check(load_config({"objective": "reward"}))


def test_the_parts_of_an_objective_add_up():
    objective = parse_objective("0.7*efficiency + (log(exploitability) + 2*worst(efficiency))")
    parts = objective.parts(SCORES, 1e-7)
    assert parts == pytest.approx((0.7 * 13 / 3, 10 / 3, 4.0))
    assert sum(parts) == pytest.approx(objective.value(SCORES, 1e-7))
    assert len(parse_objective("worst(efficiency + 100*exploitability)").parts(SCORES, 1e-7)) == 1
