"""Strategic measures of a policy of a dilemma: with strangers, alone among hostile partners, who pays.

Policies are programs, and nobody can deviate among them by so much or take the best of all of them. What is
measured comes from the empirical game of the program and the library's policies: gaps, risk-adjusted and
robust values, and the security value, which need all strategies there are, are not defined here.

Sources: Hu et al. (2020), arXiv 2003.02979 (cross-play); strategic risk aversion (2026), arXiv 2602.21515
(free-riding); Koutsoupias, Papadimitriou (1999) (price of anarchy, here against the best policy known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from nashforge.games.dilemmas.kernels import BEAMS, CLEANINGS
from nashforge.games.dilemmas.rules import BEAM_COST, CLEAN_COST
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.metrics.definitions import OF_POLICIES
from nashforge.solvers.metrics.profile import UndefinedMetricError
from nashforge.solvers.policies.cross_play import Play, mixed
from nashforge.solvers.policies.episode import Episode, in_process
from nashforge.solvers.policies.library import policy_names, policy_source

HOSTILE = ("exploiter", "nearest_apple", "random")
"""Policies of the library that fire, or never clean."""


@dataclass(frozen=True)
class Encounters:
    """How a policy fared in one seed.

    Attributes
    ----------
    alike : Episode
        All agents run it.
    strangers : dict
        Mean return of an agent that runs it where half of the agents do (rounded up), by the policy of the
        others.
    hostile : dict
        Return of one agent that runs it among others that all run a policy of `HOSTILE`, by that policy.
    known : dict
        Sum of the returns of groups of copies, by policy of the library.
    """

    alike: Episode
    strangers: Mapping[str, float] = field(default_factory=dict)
    hostile: Mapping[str, float] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)

    def values(self, names: Sequence[str]) -> dict[str, float]:
        """Return measures by name; what is undefined in this episode is left out."""
        total = float(self.alike.returns.sum())
        found = {"welfare": total}
        if self.strangers:
            with_strangers = list(self.strangers.values())
            found["cross_play_gap"] = float(self.alike.returns.mean()) - float(np.mean(with_strangers))
            found["worst_cross_play"] = min(with_strangers)
        if self.hostile:
            found["hostile_value"] = min(self.hostile.values())
        if self.alike.setting.game == "cleanup":
            found["free_riding"] = float(np.ptp(private_costs(self.alike)))
        if self.known and total > 0:
            found["price_of_anarchy"] = max(total, *self.known.values()) / total
        return {name: found[name] for name in names if name in found}


def private_costs(episode: Episode) -> np.ndarray:
    """Return what each agent paid for what it did itself: cleaning, and firing; zero in Gathering."""
    if episode.setting.game != "cleanup":
        return np.zeros(episode.setting.agents)
    return np.asarray(CLEAN_COST * episode.tally[CLEANINGS] + BEAM_COST * episode.tally[BEAMS])


def check_policies(setting: Setting, names: Sequence[str]) -> None:
    """Make sure that measures are defined in a setting, before anything is measured.

    Raises
    ------
    UndefinedMetricError
        If one is not; it says why.
    """
    if "free_riding" in names and setting.game != "cleanup":
        raise UndefinedMetricError(
            f"free_riding compares private costs, and {setting.game} has none; choose welfare there"
        )
    for name in ("cross_play_gap", "worst_cross_play", "hostile_value"):
        if name in names and setting.agents < 2:
            raise UndefinedMetricError(f"{name} needs partners; {setting} has one agent, give it more")


def episodes(names: Sequence[str]) -> int:
    """Return in how many episodes a program plays for one seed, where some measures are asked for."""
    strangers = len(policy_names()) if {"cross_play_gap", "worst_cross_play"} & set(names) else 0
    return 1 + strangers + (len(HOSTILE) if "hostile_value" in names else 0)


@lru_cache(maxsize=1024)
def _welfare_alike(setting: Setting, source: str, seed: int) -> float:
    """Return what a trusted policy's copies earn together; searches ask for the same again and again."""
    return float(in_process(setting, [source] * setting.agents, seed).returns.sum())


def encounters(
    setting: Setting,
    source: str,
    seed: int,
    names: Sequence[str] = OF_POLICIES,
    play: Play = in_process,
    *,
    alike: Episode | None = None,
) -> Encounters:
    """Let a policy meet those of the library, as far as some measures need it.

    Parameters
    ----------
    setting, seed
        What is played; strangers take seats by lot, see `nashforge.solvers.policies.cross_play`.
    names
        Measures that are wanted.
    play
        Plays an episode; the library's policies among themselves are played in this process.
    alike
        The episode of self-play, if it was played already.
    """
    library = {name: policy_source(name) for name in policy_names()}
    others = {name: text for name, text in library.items() if text != source}
    strangers, hostile, known = {}, {}, {}
    half = -(-setting.agents // 2)
    if setting.agents > 1 and {"cross_play_gap", "worst_cross_play"} & set(names):
        for name, text in others.items():
            counts = {source: half, text: setting.agents - half}
            strangers[name] = float(mixed(setting, counts, [seed], play)[source][0])
    if setting.agents > 1 and "hostile_value" in names:
        for name in HOSTILE:
            counts = {source: 1, library[name]: setting.agents - 1}
            if library[name] == source:
                counts = {source: setting.agents}
            hostile[name] = float(mixed(setting, counts, [seed], play)[source][0])
    if "price_of_anarchy" in names:
        for name, text in others.items():
            known[name] = _welfare_alike(setting, text, seed)
    return Encounters(alike or play(setting, [source] * setting.agents, seed), strangers, hostile, known)
