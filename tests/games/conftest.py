"""Shared helpers: plain-numpy values to check compiled games with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from nashforge.games.sequence_form import FloatArray, SequenceForm


def _plan(form: SequenceForm, player: int, policy: FloatArray) -> FloatArray:
    """Realisation plan over the sequences and, last, the empty one."""
    treeplex = form.treeplexes[player]
    plan = np.ones(treeplex.sequences + 1)
    for infoset, parent in enumerate(treeplex.parent):
        own = slice(treeplex.start[infoset], treeplex.start[infoset + 1])
        plan[own] = plan[parent] * policy[own]
    return plan


def _reaches(form: SequenceForm, profile: Sequence[FloatArray]) -> FloatArray:
    return np.array([_plan(form, p, profile[p])[form.leaf_sequences[p]] for p in range(form.players)])


@pytest.fixture(scope="session")
def expected_values() -> Callable[[SequenceForm, Sequence[FloatArray]], FloatArray]:
    """Expected payoff of each player under a profile: products of realisation plans over the leaves."""

    def values(form: SequenceForm, profile: Sequence[FloatArray]) -> FloatArray:
        reach = _reaches(form, profile).prod(axis=0)
        assert reach @ form.leaf_chance == pytest.approx(1.0, abs=1e-12)
        return form.leaf_payoffs @ reach

    return values


@pytest.fixture(scope="session")
def exploitability(
    expected_values: Callable[[SequenceForm, Sequence[FloatArray]], FloatArray],
) -> Callable[[SequenceForm, Sequence[FloatArray]], float]:
    """NashConv over the number of players, by a best response from the leaves up."""

    def value(form: SequenceForm, profile: Sequence[FloatArray]) -> float:
        reaches = _reaches(form, profile)
        gains = -expected_values(form, profile)
        for player, treeplex in enumerate(form.treeplexes):
            others = np.delete(reaches, player, axis=0).prod(axis=0)
            worth = np.zeros(treeplex.sequences + 1)
            np.add.at(worth, form.leaf_sequences[player], form.leaf_payoffs[player] * others)
            for infoset in reversed(range(treeplex.infosets)):
                own = slice(treeplex.start[infoset], treeplex.start[infoset + 1])
                worth[treeplex.parent[infoset]] += worth[own].max()
            gains[player] += worth[-1]
        return float(gains.sum()) / form.players

    return value


@pytest.fixture(scope="session")
def random_profile() -> Callable[[SequenceForm, np.random.Generator], list[FloatArray]]:
    """A random behaviour policy for every player."""

    def draw(form: SequenceForm, rng: np.random.Generator) -> list[FloatArray]:
        profile = []
        for treeplex in form.treeplexes:
            weight = rng.uniform(0.1, 1.0, treeplex.sequences)
            sizes = np.diff(treeplex.start)
            total = np.add.reduceat(weight, treeplex.start[:-1]) if treeplex.infosets else np.empty(0)
            profile.append(weight / np.repeat(total, sizes))
        return profile

    return draw


@pytest.fixture(scope="session")
def uniform_profile() -> Callable[[SequenceForm], list[FloatArray]]:
    """The uniform behaviour policy for every player."""

    def uniform(form: SequenceForm) -> list[FloatArray]:
        sizes = [np.diff(treeplex.start) for treeplex in form.treeplexes]
        return [np.repeat(1.0 / size, size) for size in sizes]

    return uniform


@pytest.fixture(scope="session")
def assert_same_form() -> Callable[[SequenceForm, SequenceForm], None]:
    """Check that two forms hold the same game, whatever they are called."""

    def check(one: SequenceForm, other: SequenceForm) -> None:
        assert (one.players, one.nodes, one.zero_sum) == (other.players, other.nodes, other.zero_sum)
        for name in ("leaf_sequences", "leaf_payoffs", "leaf_chance"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for mine, theirs in zip(one.treeplexes, other.treeplexes, strict=True):
            assert mine.labels == theirs.labels
            for name in ("start", "parent", "actions"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))

    return check
