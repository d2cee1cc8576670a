"""The Pareto set: against its definition, and of a run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashforge.archive.records import Score
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.evaluation.metrics import EXPLOITABILITY, SECONDS
from nashforge.evolve.evaluation.objectives import ObjectiveError
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.search.population.pareto import nondominated, pareto_points, summary, traded_metrics
from nashforge.solvers.metrics.registry import Metric

tables = st.integers(1, 12).flatmap(
    lambda rows: st.integers(1, 3).flatmap(
        lambda columns: arrays(float, (rows, columns), elements=st.integers(-3, 3).map(float))
    )
)


@given(tables, st.lists(st.sampled_from(["min", "max"]), min_size=3, max_size=3))
def test_it_is_what_nothing_dominates(values, directions):
    directions = directions[: values.shape[1]]
    signed = values * [1 if direction == "max" else -1 for direction in directions]
    expected = [not any((other >= row).all() and (other > row).any() for other in signed) for row in signed]
    assert nondominated(values, directions).tolist() == expected
    assert any(expected)


def test_equal_programs_are_all_in_it():
    assert nondominated([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]], ["min", "min"]).tolist() == [True, True, False]


def test_means_are_geometric_where_orders_of_magnitude_count():
    scores = [
        Score("a", "exploitability", 1e-2),
        Score("b", "exploitability", 0.0),
        Score("a", "reward", 2.0, "max"),
        Score("b", "reward", 5.0, "max"),
    ]
    reward = Metric("reward", "max")
    means = summary(scores, [EXPLOITABILITY, reward], floor=1e-6)
    assert means == pytest.approx({"exploitability": 1e-4, "reward": 3.5})
    assert summary(scores, [SECONDS], floor=1e-6) is None


def test_which_metrics_are_traded():
    cfr = domain("cfr")
    assert traded_metrics(cfr, Fitness()) == [EXPLOITABILITY, SECONDS]
    psro = domain("psro")
    assert traded_metrics(psro, Fitness()) == [EXPLOITABILITY, psro.metrics["solver_seconds"]]
    objective = Fitness(kind="objective", objective="log(seconds) + log(exploitability)")
    assert traded_metrics(cfr, objective) == [SECONDS, EXPLOITABILITY]
    assert traded_metrics(cfr, objective, ["exploitability", "seconds"]) == [EXPLOITABILITY, SECONDS]
    with pytest.raises(
        ObjectiveError, match="'cfr' does not measure 'fun'; choose one of exploitability, seconds"
    ):
        traded_metrics(cfr, Fitness(), ["seconds", "fun"])
    for few in (["seconds"], ["seconds", "seconds"]):
        with pytest.raises(ObjectiveError, match="two or more different metrics"):
            traded_metrics(cfr, Fitness(), few)


@pytest.mark.slow
def test_the_set_of_a_run_holds_its_best_in_each_metric(archive, tiny):
    result = start_run(archive, tiny(max_evaluations=12), name="front")
    asked = (archive, archive.runs.get("front"), [EXPLOITABILITY, SECONDS], 1e-9)
    points, count = pareto_points(*asked)
    assert 2 <= len(points) == count <= 12
    assert pareto_points(*asked, dominated=False) == ([p for p in points if p.efficient], count)
    assert len({point.candidate.program for point in points}) == len(points)
    values = np.array([[p.values["exploitability"], p.values["seconds"]] for p in points])
    assert values[:, 0].tolist() == sorted(values[:, 0])
    for column in (0, 1):
        assert points[int(values[:, column].argmin())].efficient
    best = max((p for p in points), key=lambda p: p.candidate.train)
    assert best.candidate.train >= result.best.train
    assert not all(point.efficient for point in points) or len(points) < 5
    for candidate, evaluations in archive.candidates.outcomes(archive.runs.get("front")):
        scores = [score for row in evaluations if row.split == "train" for score in row.scores]
        expected = summary(scores, [EXPLOITABILITY, SECONDS], floor=1e-9)
        mine = [point.values for point in points if point.candidate.id == candidate.id]
        assert mine == ([] if expected is None or not mine else [pytest.approx(expected, rel=1e-12)])
