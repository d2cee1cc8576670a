"""Trade-offs between metrics: the programs that no other one beats in every respect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nashforge.archive import Archive, Fitted, Run
from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.evaluation.objectives import ObjectiveError, final_scores, parse_objective
from nashforge.games.naming import choice
from nashforge.solvers.metrics.registry import Metric


class Point(NamedTuple):
    """A measured program of a run; a tuple, because there are thousands.

    Attributes
    ----------
    values : dict
        Mean of each metric over the training games; the geometric mean where it spans orders of magnitude.
    efficient : bool
        Whether no other program is at least as good in every metric and better in one.
    """

    candidate: Fitted
    values: Mapping[str, float]
    efficient: bool = False


def nondominated(values: npt.ArrayLike, directions: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows no other row dominates: at least as good in every column, better in one.

    Parameters
    ----------
    values
        One row a program, one column a metric; all finite.
    directions
        ``min`` or ``max`` for each column.

    Returns
    -------
    ndarray of bool, shape (rows,)
        Equal rows do not dominate each other.
    """
    signs = np.array([1.0 if direction == "min" else -1.0 for direction in directions])
    costs = np.atleast_2d(np.asarray(values, dtype=float)) * signs
    left, place = np.arange(len(costs)), 0
    # Small sums first: what dominates most is met early, and whatever is dominated is looked at no more.
    left = left[np.argsort(costs.sum(axis=1), kind="stable")]
    while place < len(left):
        cost, others = costs[left[place]], costs[left]
        kept = ~(np.all(others >= cost, axis=1) & np.any(others > cost, axis=1))
        left, place = left[kept], int(kept[: place + 1].sum())
    efficient = np.zeros(len(costs), dtype=bool)
    efficient[left] = True
    return efficient


def summary(scores: Iterable[Score], metrics: Iterable[Metric], floor: float) -> dict[str, float] | None:
    """Return the mean of each metric over the games; None if one was not measured.

    Parameters
    ----------
    floor
        Values of metrics that span orders of magnitude count as at least so much: zero has no logarithm.
    """
    found = final_scores(scores)
    means: dict[str, float] = {}
    for metric in metrics:
        if metric.name not in found:
            return None
        values = np.array(list(found[metric.name][1].values()))
        if metric.logarithmic:
            means[metric.name] = float(np.exp(np.log(np.maximum(values, floor)).mean()))
        else:
            means[metric.name] = float(values.mean())
    return means


def pareto_points(
    archive: Archive, run: Run, metrics: Sequence[Metric], floor: float, *, dominated: bool = True
) -> tuple[list[Point], int]:
    """Return measured programs of a run, each once, best first by the first metric; and how many there are.

    Parameters
    ----------
    dominated
        Whether those are returned, too, that another program dominates; all are counted.
    """
    means = [
        archive.evaluations.means(run, m.name, split="train", floor=floor if m.logarithmic else None)
        for m in metrics
    ]
    candidates: dict[str, Fitted] = {}
    for candidate in archive.candidates.fitted(run):
        if candidate.program is not None and all(candidate.id in found for found in means):
            candidates.setdefault(candidate.program, candidate)
    if not candidates:
        return [], 0
    table = np.array([[found[one.id] for found in means] for one in candidates.values()])
    efficient = nondominated(table, [metric.direction for metric in metrics])
    order = np.argsort(table[:, 0] if metrics[0].direction == "min" else -table[:, 0], kind="stable")
    if not dominated:
        order = order[efficient[order]]
    names, found = [metric.name for metric in metrics], list(candidates.values())
    points = [
        Point(found[place], dict(zip(names, row, strict=True)), mark)
        for place, row, mark in zip(
            order.tolist(), table[order].tolist(), efficient[order].tolist(), strict=True
        )
    ]
    return points, len(found)


def traded_metrics(domain: Domain, fitness: Fitness, names: Sequence[str] = ()) -> list[Metric]:
    """Return the metrics to be traded off against each other.

    Parameters
    ----------
    names
        As asked for; by default those of the objective if it has several, else the domain's metric and
        what a program takes (its ``cost_metric``).

    Raises
    ------
    ObjectiveError
        If a name is unknown or given twice, or there is only one.
    """
    wanted = list(names)
    if not wanted:
        objective = () if fitness.objective is None else parse_objective(fitness.objective).metrics
        wanted = list(objective) if len(objective) > 1 else [domain.metric]
        cost_metric = domain.cost_metric
        if len(wanted) == 1 and cost_metric in domain.metrics:
            wanted.append(cost_metric)
    known = ", ".join(domain.metrics)
    for name in wanted:
        if name not in domain.metrics:
            raise ObjectiveError(
                f"the domain {domain.name!r} does not measure {name!r}; {choice(name, domain.metrics)}"
            )
    if len(set(wanted)) < max(len(wanted), 2):
        raise ObjectiveError(
            f"a trade-off is between two or more different metrics; got {', '.join(wanted)}, choose from "
            f"{known}"
        )
    return [domain.metrics[name] for name in wanted]
