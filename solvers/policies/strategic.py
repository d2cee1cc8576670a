"""Strategic measures of a policy of a dilemma: with strangers, alone among hostile partners, who pays.

Policies are programs, and nobody can deviate among them by so much or take the best of all of them. What is
measured comes from the empirical game of the program and the library's policies: gaps, risk-adjusted and
robust values, and the security value, which need all strategies there are, are not defined here.

Sources: Hu et al. (2020), arXiv 2003.02979 (cross-play); strategic risk aversion (2026), arXiv 2602.21515
(free-riding); Koutsoupias, Papadimitriou (1999) (price of anarchy, here against the best policy known).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from nashforge.games.dilemmas.kernels import BEAMS, CLEANINGS
from nashforge.games.dilemmas.rules import BEAM_COST, CLEAN_COST
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.metrics.registry import EPISODES, UndefinedMetricError, measures
from nashforge.solvers.policies.cross_play import Play, mixed
from nashforge.solvers.policies.episode import Episode, in_process
from nashforge.solvers.policies.interventions import interventions
from nashforge.solvers.policies.library import policy_names, policy_source

HOSTILE = ("exploiter", "nearest_apple", "random")
"""Policies of the library that fire, or never clean."""


class Encounters:
    """A policy of a dilemma in one seed, and those it meets: a `nashforge.solvers.metrics.registry.Play`.

    Episodes are played when a measure first needs them.

    Parameters
    ----------
    setting, seed
        What is played; strangers take seats by lot, see `nashforge.solvers.policies.cross_play`.
    source
        The policy; empty where only the setting is asked about.
    play
        Plays an episode; the library's policies among themselves are played in this process.
    alike
        The episode of self-play, if it was played already.
    """

    kinds = (EPISODES,)
    possible_welfare = True

    def __init__(
        self,
        setting: Setting,
        source: str = "",
        seed: int = 0,
        play: Play = in_process,
        alike: Episode | None = None,
    ) -> None:
        self.setting, self.name, self.players = setting, str(setting), setting.agents
        self.private_costs = setting.game == "cleanup"
        self._source, self._seed, self._play = source, seed, play
        if alike is not None:
            self.alike = alike

    @cached_property
    def alike(self) -> Episode:
        """The episode in which all agents run the policy."""
        return self._play(self.setting, [self._source] * self.players, self._seed)

    @cached_property
    def strangers(self) -> dict[str, float]:
        """Mean return of an agent among half that run the policy (rounded up), by policy of the others."""
        half = -(-self.players // 2)
        return {name: self._among(text, half) for name, text in self._others.items() if self.players > 1}

    @cached_property
    def hostile(self) -> dict[str, float]:
        """Return of one agent among others that all run a policy of `HOSTILE`, by that policy."""
        return {name: self._among(policy_source(name), 1) for name in HOSTILE if self.players > 1}

    @cached_property
    def known(self) -> dict[str, float]:
        """Sum of the returns of groups of copies, by policy of the library."""
        return {name: _welfare_alike(self.setting, text, self._seed) for name, text in self._others.items()}

    def welfare(self) -> float:
        """Return the sum of the returns of a group of copies."""
        return float(self.alike.returns.sum())

    def cross_play_gap(self) -> float:
        """Return what an agent loses among strangers."""
        return float(self.alike.by_founder.mean()) - float(np.mean(list(self.strangers.values())))

    def worst_cross_play(self) -> float:
        """Return the return of an agent among the worst strangers."""
        return min(self.strangers.values())

    def price_of_anarchy(self) -> float:
        """Return the welfare of the best policy known over that of this one."""
        total = self.welfare()
        if total <= 0:
            raise UndefinedMetricError("price_of_anarchy is undefined, because nobody earned anything")
        return max(total, *self.known.values()) / total

    def free_riding(self) -> float:
        """Return what the agent that pays most pays less what the one pays that pays least."""
        return float(np.ptp(private_costs(self.alike)))

    def loss(self, intervention: str) -> float:
        """Return what an agent loses by an intervention, see `nashforge.solvers.policies.interventions`."""
        [one] = [one for one in interventions(self.setting, ()) if one.name == intervention]
        changed = self._play(one.setting(self.setting), [one.source(self._source)] * self.players, self._seed)
        return float(self.alike.by_founder.mean() - changed.by_founder.mean())

    @property
    def _others(self) -> dict[str, str]:
        library = {name: policy_source(name) for name in policy_names()}
        return {name: text for name, text in library.items() if text != self._source}

    def _among(self, others: str, count: int) -> float:
        own = self._source
        counts = {own: count, others: self.players - count} if others != own else {own: self.players}
        return float(mixed(self.setting, counts, [self._seed], self._play)[own][0])


def private_costs(episode: Episode) -> np.ndarray:
    """Return what each agent paid for what it did itself: cleaning, and firing; zero in Gathering."""
    if episode.setting.game != "cleanup":
        return np.zeros(episode.setting.seats)
    return np.asarray(CLEAN_COST * episode.tally[CLEANINGS] + BEAM_COST * episode.tally[BEAMS])


def episodes(names: Sequence[str]) -> int:
    """Return in how many episodes a program plays for one seed, where some measures are asked for."""
    known = measures(EPISODES)
    met = {known[name].meets for name in names if name in known}
    own = sum(known[name].meets == "itself" for name in names if name in known)
    return 1 + own + ("strangers" in met) * len(policy_names()) + ("hostile" in met) * len(HOSTILE)


@lru_cache(maxsize=1024)
def _welfare_alike(setting: Setting, source: str, seed: int) -> float:
    """Return what a trusted policy's copies earn together; searches ask for the same again and again."""
    return float(in_process(setting, [source] * setting.agents, seed).returns.sum())
