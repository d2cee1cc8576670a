"""Mean-field games compiled: nodes numbered, edges in arrays, every reward a formula that was checked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyspiel

from nashforge.games.errors import GameError, UnsupportedGameError
from nashforge.games.loading.openspiel import OPENSPIEL_ERRORS, first_line, without_openspiel_noise
from nashforge.games.loading.parameters import specification
from nashforge.games.loading.source import load
from nashforge.games.meanfield.model import DECISION, TERMINAL, MeanFieldGame, RewardTerms
from nashforge.games.meanfield.rewards import AGREEMENT, Formula, find_formula
from nashforge.games.meanfield.walking import Node, Walk, reward_of

MAX_NODES = 200_000
"""Nodes at which a compilation is given up; each takes some tenths of a millisecond."""


def compile_mean_field(game: Any, max_nodes: int | None = None) -> MeanFieldGame:
    """Compile a mean-field game of OpenSpiel.

    Parameters
    ----------
    game
        An OpenSpiel game string such as ``"mfg_crowd_modelling(size=20)"``, or a ``pyspiel.Game``.
    max_nodes
        The most nodes that it may have. Default: `MAX_NODES`.

    Raises
    ------
    UnsupportedGameError
        If it is no mean-field game, if where agents get depends on the distribution (dynamic routing), or if
        a reward is neither a sum of linear terms and logarithms of masses nor a quadratic.
    NodeLimitError
        If it has more nodes.
    nashforge.games.GameError
        If there is no such game.
    """
    most = MAX_NODES if max_nodes is None else max_nodes
    if isinstance(game, str):
        return _compiled(" ".join(game.split()), most)
    return _compile(game, most)


def register_python_games() -> None:
    """Make OpenSpiel's mean-field games that are written in Python known to it."""
    specification("python_mfg_predator_prey")


@lru_cache(maxsize=32)
def _compiled(game: str, most: int) -> MeanFieldGame:
    return _compile(load(game).game, most, game)


def _compile(game: Any, most: int, name: str | None = None) -> MeanFieldGame:
    called = str(game) if name is None else name
    if game.get_type().dynamics != pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise UnsupportedGameError(f"{called} is no mean-field game; choose one such as mfg_crowd_modelling")
    rng = np.random.default_rng(0)
    try:
        with without_openspiel_noise():
            walk, other = (Walk(game, called, rng, most) for _ in range(2))
            layers = walk.layers()
            _check_same_ways(walk, other)
            formulas = _formulas(walk, layers, rng)
            _check_rewards(other, formulas)
    except OPENSPIEL_ERRORS as error:
        if isinstance(error, GameError):
            raise
        raise UnsupportedGameError(
            f"{called} takes not every distribution, and its rewards cannot be read off without ("
            f"{first_line(error)}); choose another game"
        ) from error
    return _assemble(called, walk, layers, formulas)


def _check_same_ways(walk: Walk, other: Walk) -> None:
    """Make sure that the distribution changes rewards alone, not where agents get."""
    same = walk.nodes.keys() == other.nodes.keys() and all(
        node.kind == other.nodes[key].kind
        and node.support == other.nodes[key].support
        and _ways(node) == _ways(other.nodes[key])
        for key, node in walk.nodes.items()
    )
    if not same:
        raise UnsupportedGameError(
            f"where agents of {walk.name} get depends on the distribution, and only rewards may here; choose "
            "another game"
        )


def _ways(node: Node) -> list[tuple[int, str, float, int]]:
    return [(child.population, child.label, p, action) for child, p, action in node.edges]


def _formulas(walk: Walk, layers: Sequence[Sequence[Node]], rng: np.random.Generator) -> dict[Node, Formula]:
    """Return the rewards of all nodes; those that follow no mean-field node are numbers."""
    found: dict[Node, Formula] = {}
    guesses: dict[tuple[int, int], Formula] = {}
    for layer in layers:
        for node in layer:
            before = node.before
            if before is None or node.kind not in (DECISION, TERMINAL):
                found[node] = Formula(node.reward)
                continue
            place = before.support.index(before.label) if before.label in before.support else -1

            def probe(mass: Any, before: Node = before) -> float:
                return reward_of(walk.after(before, mass))

            guess = guesses.get((node.population, place))
            formula = find_formula(probe, len(before.support), rng, guess)
            if formula is None:
                raise UnsupportedGameError(
                    f"the reward of {walk.name} in {node.label!r} is neither a sum of linear terms and "
                    "logarithms of the distribution nor a quadratic; choose another game"
                )
            guesses[node.population, place] = found[node] = formula
    return found


def _check_rewards(other: Walk, formulas: dict[Node, Formula]) -> None:
    """Make sure that rewards depend on the last distribution alone, and not on those before it."""
    for node, formula in formulas.items():
        twin = other.nodes[node.population, node.label]
        support = () if twin.before is None else twin.before.support
        expected = formula(other.masses[support] if support else np.zeros(0))
        if abs(expected - twin.reward) > AGREEMENT * max(1.0, abs(expected)):
            raise UnsupportedGameError(
                f"the reward of {other.name} in {node.label!r} depends on more than the latest distribution; "
                "choose another game"
            )


def _assemble(
    name: str, walk: Walk, layers: Sequence[Sequence[Node]], formulas: dict[Node, Formula]
) -> MeanFieldGame:
    nodes = [node for layer in layers for node in layer]
    number = {node: n for n, node in enumerate(nodes)}
    by_label = {node.label: n for node, n in number.items()}
    edges = [edge for node in nodes for edge in node.edges]
    actions = [action for _, _, action in edges]
    labels = tuple(node.label for node in nodes if node.kind == DECISION)
    return MeanFieldGame(
        name=name,
        populations=len(walk.roots),
        kind=np.array([node.kind for node in nodes]),
        population=np.array([node.population for node in nodes]),
        layer=np.repeat(np.arange(len(layers)), [len(layer) for layer in layers]),
        start=np.concatenate([[0], np.cumsum([len(node.edges) for node in nodes])]),
        child=np.array([number[child] for child, _, _ in edges]),
        probability=np.array([p for _, p, _ in edges]),
        action=np.array(actions),
        roots=np.array([number[root] for root in walk.roots]),
        terms=_terms(nodes, formulas, by_label),
        labels=labels,
        actions=max(actions) + 1,
        forgets_arrivals=walk.forgets_arrivals,
    )


def _terms(nodes: Sequence[Node], formulas: dict[Node, Formula], by_label: dict[str, int]) -> RewardTerms:
    """Return the formulas as arrays; masses of states that nobody reaches are the entry behind the last."""
    linear, logarithmic, quadratic = [], [], []
    for n, node in enumerate(nodes):
        formula = formulas[node]
        support = () if node.before is None else node.before.support
        place = [by_label.get(label, len(nodes)) for label in support]
        linear += [(n, place[j], slope) for j, slope in formula.linear]
        logarithmic += [(n, place[j], weight, floor) for j, weight, floor in formula.logarithmic]
        quadratic += [(n, place[i], place[j], product) for i, j, product in formula.quadratic]
    return RewardTerms(
        np.array([formulas[node].constant for node in nodes]),
        _columns(linear, 2, 1),
        _columns(logarithmic, 2, 2),
        _columns(quadratic, 3, 1),
    )


def _columns(rows: Sequence[tuple[Any, ...]], integers: int, floats: int) -> Any:
    """Return the columns of rows, whose first are whole numbers."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * (integers + floats)
    kinds = [np.int64] * integers + [np.float64] * floats
    return tuple(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))
