"""Objectives: one number from several metrics, such as ``0.7*efficiency + 0.003*worst(min_reward)``.

An objective is a sum of metrics with positive weights. Higher is always better: metrics of which less is
better count negatively, without being told. Over the games (or seeds) of a suite the mean is taken, unless a
part says otherwise: ``worst(x)``, ``best(x)``, ``median(x)``, ``mean(x)``. ``log(x)`` is the decimal
logarithm of a metric, for those that span orders of magnitude.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nashforge.archive.records import Direction, Score
from nashforge.errors import NashforgeError
from nashforge.games.naming import choice

Games = Mapping[str, float]
"""A number a game, higher is better."""

AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "worst": min,
    "best": max,
    "median": lambda values: float(np.median(values)),
}
_HELP = "write a sum such as 0.7*efficiency + 0.003*worst(min_reward), or log(exploitability)"


class ObjectiveError(NashforgeError, ValueError):
    """An objective cannot be read, or asks for what is not measured."""

    exit_code = 2


@dataclass(frozen=True)
class Objective:
    """A parsed objective.

    Attributes
    ----------
    text : str
        As it was written.
    metrics : tuple of str
        The metrics that it reads, in the order of their first mention.
    """

    text: str
    metrics: tuple[str, ...]
    _tree: ast.expr

    def value(self, scores: Iterable[Score], floor: float) -> float:
        """Return the objective of what a suite measured; higher is better.

        Parameters
        ----------
        scores
            All measurements; the last checkpoint of each metric counts.
        floor
            Smallest value that a logarithm is taken of.

        Raises
        ------
        ObjectiveError
            If a metric was not measured in any game, or not in the games of another one that it is added to.
        """
        return _mean(self._evaluation(scores, floor).of(self._tree))

    def parts(self, scores: Iterable[Score], floor: float) -> tuple[float, ...]:
        """Return the summands one by one, each with its weight; see `value`."""
        evaluation = self._evaluation(scores, floor)
        return tuple(_mean(evaluation.of(part)) for part in _summands(self._tree))

    def _evaluation(self, scores: Iterable[Score], floor: float) -> _Evaluation:
        found = final_scores(scores)
        directions = {metric: direction for metric, (direction, _) in found.items()}
        values = {metric: games for metric, (_, games) in found.items()}
        missing = [metric for metric in self.metrics if not values.get(metric)]
        if missing:
            raise ObjectiveError(f"the objective {self.text!r} needs {', '.join(missing)}, not measured here")
        return _Evaluation(self.text, values, directions, floor)


def final_scores(scores: Iterable[Score]) -> dict[str, tuple[Direction, dict[str, float]]]:
    """Return for each metric its direction and its last value in each game."""
    found: dict[str, tuple[Direction, dict[str, float]]] = {}
    last: dict[tuple[str, str], int] = {}
    for score in scores:
        key, iteration = (score.metric, score.game), score.iteration or 0
        if iteration >= last.get(key, -1):
            last[key] = iteration
            direction: Direction = "max" if score.direction == "max" else "min"
            found.setdefault(score.metric, (direction, {}))[1][score.game] = score.value
    return found


@lru_cache(maxsize=64)
def parse_objective(text: str) -> Objective:
    """Read an objective.

    Raises
    ------
    ObjectiveError
        If it is not a sum of metrics with positive weights.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ObjectiveError(f"the objective {text!r} cannot be read; {_HELP}") from error
    metrics: dict[str, None] = {}
    _check(tree, text, metrics)
    return Objective(text, tuple(metrics), tree)


def checked_objective(text: str, metrics: Iterable[str], domain: str) -> Objective:
    """Return an objective over the metrics of a domain.

    Raises
    ------
    ObjectiveError
        If it cannot be read, or names another metric.
    """
    objective, known = parse_objective(text), tuple(metrics)
    for metric in objective.metrics:
        if metric not in known:
            raise ObjectiveError(
                f"the objective {text!r} names {metric!r}, which the domain {domain!r} does not measure; "
                + choice(metric, known)
            )
    return objective


def _check(node: ast.expr, text: str, metrics: dict[str, None]) -> None:
    """Note the metrics of a part; refuse what has no meaning."""
    match node:
        case ast.Name(id=name):
            metrics[name] = None
        case ast.BinOp(op=ast.Add()):
            _check(node.left, text, metrics)
            _check(node.right, text, metrics)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            weight, part = _weighted(node)
            if weight is None or part is None or not (weight > 0 and math.isfinite(weight)):
                shown = ast.unparse(node)
                raise ObjectiveError(
                    f"{shown!r} in the objective {text!r} is no positive number times a metric; {_HELP}"
                )
            _check(part, text, metrics)
        case ast.Call(func=ast.Name(id="log"), args=[ast.Name() as metric], keywords=[]):
            _check(metric, text, metrics)
        case ast.Call(func=ast.Name(id=name), args=[part], keywords=[]) if name in AGGREGATES:
            _check(part, text, metrics)
        case ast.BinOp(op=ast.Sub()) | ast.UnaryOp(op=ast.USub()):
            raise ObjectiveError(
                f"the objective {text!r} subtracts; write + with a positive weight: metrics of which less is "
                "better count negatively anyway"
            )
        case _:
            shown = ast.unparse(node)
            raise ObjectiveError(f"{shown!r} in the objective {text!r} is not understood; {_HELP}")


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summands(node.left), *_summands(node.right)]
    return [node]


def _weighted(node: ast.BinOp) -> tuple[float | None, ast.expr | None]:
    """Return weight and part of a product or quotient; None for what is missing."""
    match node:
        case ast.BinOp(left=ast.Constant(value=int() | float() as weight), op=ast.Mult(), right=part):
            return float(weight), part
        case ast.BinOp(left=part, op=ast.Mult(), right=ast.Constant(value=int() | float() as weight)):
            return float(weight), part
        case ast.BinOp(left=part, op=ast.Div(), right=ast.Constant(value=int() | float() as weight)) if (
            weight
        ):
            return 1 / float(weight), part
    return None, None


@dataclass(frozen=True)
class _Evaluation:
    """Values and directions by metric; parts become a number a game, or one number where games are joined."""

    text: str
    values: Mapping[str, Games]
    directions: Mapping[str, Direction]
    floor: float

    def of(self, node: ast.expr) -> Games | float:
        match node:
            case ast.Name(id=name):
                return self.signed(name, lambda value: value)
            case ast.Call(func=ast.Name(id="log"), args=[ast.Name(id=name)]):
                return self.signed(name, lambda value: math.log10(max(value, self.floor)))
            case ast.Call(func=ast.Name(id=name), args=[part]):
                inner = self.of(part)
                return inner if isinstance(inner, float) else AGGREGATES[name](list(inner.values()))
            case ast.BinOp(op=ast.Add()):
                return self.sum(self.of(node.left), self.of(node.right))
            case ast.BinOp():
                weight, scaled = _weighted(node)
                assert weight is not None
                assert scaled is not None
                inner = self.of(scaled)
                if isinstance(inner, float):
                    return weight * inner
                return {game: weight * value for game, value in inner.items()}
        raise AssertionError(ast.unparse(node))

    def signed(self, metric: str, scale: Callable[[float], float]) -> Games:
        sign = 1 if self.directions[metric] == "max" else -1
        return {game: sign * scale(value) for game, value in self.values[metric].items()}

    def sum(self, first: Games | float, second: Games | float) -> Games | float:
        if isinstance(first, float) or isinstance(second, float):
            return _mean(first) + _mean(second)
        if first.keys() != second.keys():
            raise ObjectiveError(
                f"the objective {self.text!r} adds metrics that were measured in different games; take the "
                "mean of each, as in mean(x) + mean(y)"
            )
        return {game: value + second[game] for game, value in first.items()}


def _mean(part: Games | float) -> float:
    return part if isinstance(part, float) else AGGREGATES["mean"](list(part.values()))
