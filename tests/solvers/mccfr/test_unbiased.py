"""Sampled regrets and averages are those of CFR in expectation, taken over all samples there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from nashforge import games
from nashforge.solvers.mccfr.chance import ChanceSampling
from nashforge.solvers.mccfr.external import ExternalSampling
from nashforge.solvers.mccfr.game import sampled_game
from nashforge.solvers.mccfr.outcome import OutcomeSampling
from nashforge.solvers.mccfr.sampler import Sampler
from nashforge.solvers.mccfr.table import Table
from nashforge.solvers.sequence_form.profile import Profile
from nashforge.solvers.sequence_form.tables import tables

SCHEMES: dict[str, Callable[..., Sampler]] = {
    "external": ExternalSampling,
    "outcome": lambda *parts: OutcomeSampling(*parts, baseline=False),
    "outcome, little exploration": lambda *parts: OutcomeSampling(*parts, exploration=0.05, baseline=False),
    "outcome, baselines": lambda *parts: OutcomeSampling(*parts, exploration=0.3),
    "chance": ChanceSampling,
}
GAMES = (
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "tiny_hanabi",  # payoffs that do not sum to zero
    "goofspiel(num_cards=3,imp_info=True,points_order=random)",  # chance between the moves
)
CASES = [
    pytest.param(scheme, game, marks=[pytest.mark.slow] if scheme == "chance" and "goof" in game else [])
    for scheme in SCHEMES
    for game in GAMES
    if not (scheme == "external" and "goofspiel" in game)  # too many samples
]
EXACT = 1e-12


class Everything:
    """Draws that take every way once.

    Attributes
    ----------
    probability : float
        Of the way that is being taken.
    """

    def __init__(self) -> None:
        self._left: list[
            list[int]
        ] = []  # what has not been tried yet at each draw, and last what is tried now
        self._depth = 0
        self.probability = 1.0

    def ways(self) -> Iterator[None]:
        """Yield before each way."""
        while True:
            self._depth, self.probability = 0, 1.0
            yield
            assert self._depth == len(self._left)
            while self._left and len(self._left[-1]) == 1:
                self._left.pop()
            if not self._left:
                return
            self._left[-1].pop()

    def index(self, probabilities: Sequence[float]) -> int:
        """Return the index that is tried next here."""
        assert abs(sum(probabilities) - 1.0) < 1e-12
        if self._depth == len(self._left):
            self._left.append([a for a, p in enumerate(probabilities) if p > 0])
        a = self._left[self._depth][-1]
        self._depth += 1
        self.probability *= probabilities[a]
        return a


class Sum:
    """A rule that only sums what it is told, times the probability of the way it was told on."""

    def __init__(self, form: games.SequenceForm, table: Table, draws: Everything) -> None:
        self.form, self.table, self.draws = form, table, draws
        self.told: list[tuple[Any, list[float]]] = []

    def weight(self, t: int) -> float:
        return 1.0

    def add(self, regrets: list[float], new: list[float], since: int, t: int) -> None:
        self.told.append((regrets, list(new)))


def sampler_of(scheme: str, game: str) -> tuple[Sampler, Everything, games.SequenceForm]:
    played = sampled_game(game, 0)
    table, draws, form = Table(played), Everything(), games.compile(game)
    sampler = SCHEMES[scheme](played, table, Sum(form, table, draws), draws)
    everywhere(sampler, lambda: None)  # so that all information sets are there
    return sampler, draws, form


def everywhere(sampler: Sampler, meet: Callable[[], object]) -> None:
    """Visit every decision of a game once or more."""
    stack = [(sampler.game.start(), sampler.nowhere())]
    while stack:
        state, own = stack.pop()
        if state.is_terminal():
            continue
        mover = state.current_player()
        node = None if state.is_chance_node() else sampler.table.at(state, mover, own)
        for k, action in enumerate(state.legal_actions()):
            then = own.copy()
            if node is not None:
                then[mover] = node.first + k
            stack.append((state.child(action), then))


def random_profile(form: games.SequenceForm, seed: int) -> Profile:
    """Return policies of which some probabilities are 0, as regret matching makes them."""
    rng = np.random.default_rng(seed)
    profile = []
    for treeplex in form.treeplexes:
        sizes = np.diff(treeplex.start)
        x = rng.random(treeplex.sequences) * (rng.random(treeplex.sequences) > 0.2)
        total = np.add.reduceat(x, treeplex.start[:-1])
        x = np.where(np.repeat(total, sizes) > 0, x, 1.0)
        profile.append(x / np.repeat(np.add.reduceat(x, treeplex.start[:-1]), sizes))
    return tuple(profile)


def play(sampler: Sampler, form: games.SequenceForm, profile: Profile) -> None:
    """Put policies and baselines into all information sets, and empty averages."""
    rng = np.random.default_rng(7)
    for player, (treeplex, policy) in enumerate(zip(form.treeplexes, profile, strict=True)):
        for i, label in enumerate(treeplex.labels):
            node = sampler.table.nodes[player][label]
            node.policy = policy[treeplex.start[i] : treeplex.start[i + 1]].tolist()
            node.average = [0.0] * len(node.policy)
            node.baselines = {k: rng.normal(size=len(node.policy)).tolist() for k in range(form.players)}


def expected(
    sampler: Sampler, draws: Everything, form: games.SequenceForm, profile: Profile, player: int, part: Any
) -> tuple[list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    """Return the expectations, over sequences of each player, of regrets and of what averages gain."""
    regrets = [np.zeros(treeplex.sequences) for treeplex in form.treeplexes]
    averages = [np.zeros(treeplex.sequences) for treeplex in form.treeplexes]
    place = {
        id(sampler.table.nodes[k][label].regrets): (k, slice(treeplex.start[i], treeplex.start[i + 1]), label)
        for k, treeplex in enumerate(form.treeplexes)
        for i, label in enumerate(treeplex.labels)
    }
    total = 0.0
    for _ in draws.ways():
        play(sampler, form, profile)
        sampler.rule.told.clear()
        part()
        total += draws.probability
        for told, new in sampler.rule.told:
            k, own, _ = place[id(told)]
            assert k == player, "nobody else learns"
            regrets[k][own] += draws.probability * np.array(new)
        for k, own, label in place.values():
            averages[k][own] += draws.probability * np.array(sampler.table.nodes[k][label].average)
    assert abs(total - 1.0) < EXACT
    return regrets, averages


def exact_regrets(form: games.SequenceForm, profile: Profile, player: int) -> Any:
    """Return the counterfactual regrets that the exact engine has."""
    shared = tables(form)
    plans = np.empty(shared.length)
    policies = [policy.copy() for policy in profile]
    sizes = [treeplex.sequences for treeplex in form.treeplexes]
    for k, policy in enumerate(policies):
        shared.set_plan(k, policy, plans, np.empty(sizes[k]))
    regret, reach, average = (np.zeros(sizes[player]) for _ in range(3))
    shared.update(player, plans, policies[player], regret, reach, average).regrets()
    return regret


@pytest.mark.parametrize(("scheme", "game"), CASES)
def test_expected_regrets_are_those_of_cfr(scheme: str, game: str) -> None:
    sampler, draws, form = sampler_of(scheme, game)
    for seed, player in enumerate(range(form.players)):
        profile = random_profile(form, seed)
        found, _ = expected(
            sampler, draws, form, profile, player, lambda player=player: sampler.walk(player, 1, 0.0)
        )
        exact = exact_regrets(form, profile, player)
        assert np.abs(exact).max() > 0.01
        assert np.abs(found[player] - exact).max() < EXACT


@pytest.mark.parametrize(
    ("scheme", "game"), [case for case in CASES if "goofspiel" not in str(case.values[1])]
)
def test_averages_gain_reach_times_policy_whatever_others_play(scheme: str, game: str) -> None:
    """But for one factor an information set, which is the same in all iterations."""
    sampler, draws, form = sampler_of(scheme, game)
    factors: list[list[np.ndarray[Any, Any]]] = []
    for seed in (1, 2):
        profile = random_profile(form, seed)
        gained = [np.zeros(treeplex.sequences) for treeplex in form.treeplexes]
        for player in range(form.players):
            parts = [lambda player=player: sampler.walk(player, 1, 1.0)]
            if sampler.averages_apart:  # samples of their own, which need not be tried with all the others
                parts = [lambda player=player: sampler.average(player, 1.0)]
            for part in parts:
                _, found = expected(sampler, draws, form, profile, player, part)
                for k, each in enumerate(found):
                    gained[k] += each
        factors.append([])
        for treeplex, policy, gain in zip(form.treeplexes, profile, gained, strict=True):
            plan = np.append(np.zeros(treeplex.sequences), 1.0)
            for i, parent in enumerate(treeplex.parent):
                own = slice(treeplex.start[i], treeplex.start[i + 1])
                plan[own] = plan[parent] * policy[own]
            plan = plan[:-1]
            assert np.abs(gain[plan == 0]).max(initial=0.0) < EXACT
            factors[-1].append(np.divide(gain, plan, out=np.full_like(gain, np.nan), where=plan > 0))
    for player, treeplex in enumerate(form.treeplexes):
        seen = [np.isfinite(factor[player]) for factor in factors]
        for factor, known in zip(factors, seen, strict=True):
            assert (factor[player][known] > 0).all()
        both = seen[0] & seen[1]
        assert both.sum() > treeplex.sequences / 4
        assert np.abs(factors[0][player][both] - factors[1][player][both]).max() < EXACT
        for i in range(treeplex.infosets):
            own = factors[0][player][treeplex.start[i] : treeplex.start[i + 1]]
            assert np.ptp(own[np.isfinite(own)]) < EXACT if np.isfinite(own).any() else True
