"""Probes of policies of dilemmas: what interventions cost with the same seeds, and what actions depend on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.sandbox import CandidateFailure, Limits, Sandbox
from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.environment import Environment
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.episode import beam_table
from nashforge.solvers.policies.information import Information, Played, measures
from nashforge.solvers.policies.interventions import AS_IT_IS, Intervention, interventions

SECONDS = 120.0
"""Processor time of an episode."""

CONFIDENCE = 0.95
"""Of the interval (Student's) beyond which a loss matters."""


@dataclass(frozen=True)
class Effect:
    """The cost of an intervention.

    Attributes
    ----------
    returns : tuple of float
        Mean return of an agent, by seed; empty where the policy fails.
    lost : float or None
        By how much it is lower than without, in the mean over the seeds.
    error : float or None
        Standard error of that; None for a single seed.
    reason : str or None
        Why the policy fails under it.
    """

    intervention: Intervention
    returns: tuple[float, ...]
    lost: float | None
    error: float | None
    reason: str | None = None

    @property
    def matters(self) -> bool:
        """Whether the loss, or gain, is beyond the noise of the seeds; a failure is."""
        if self.lost is None:
            return True
        if self.error is None:
            return self.lost != 0.0
        from scipy.special import stdtrit

        quantile = float(stdtrit(len(self.returns) - 1, (1.0 + CONFIDENCE) / 2.0))
        return abs(self.lost) > quantile * self.error


@dataclass(frozen=True)
class Probed:
    """A policy that was probed.

    Attributes
    ----------
    effects : tuple of Effect
        One an intervention; the first is the policy as it is.
    information : dict
        Measures of the policy as it is, by name; see `nashforge.solvers.policies.information`.
    """

    setting: Setting
    seeds: tuple[int, ...]
    effects: tuple[Effect, ...]
    information: dict[str, Information]


def probe_confined(
    setting: Setting,
    source: str,
    seeds: Sequence[int],
    *,
    tier: str,
    views: Sequence[int] = (3,),
    on_effect: Callable[[Effect], None] = lambda effect: None,
) -> Probed:
    """Probe a policy in a sandbox of its own; see `probe`."""
    with Sandbox(HOSTS, tier=tier) as sandbox:
        return probe(sandbox, setting, source, seeds, views, on_effect)


def probe(
    sandbox: Sandbox,
    setting: Setting,
    source: str,
    seeds: Sequence[int],
    views: Sequence[int] = (3,),
    on_effect: Callable[[Effect], None] = lambda effect: None,
) -> Probed:
    """Probe a policy in self-play.

    Parameters
    ----------
    seeds
        One an episode; every intervention has the same, so that luck is the same.
    views
        Radii to restrict the view to.
    on_effect
        Called with every effect as it is found.

    Raises
    ------
    nashforge.evolve.sandbox.CandidateFailure
        If the policy fails as it is.
    """
    effects: list[Effect] = []
    watched: list[Played] = []
    for one in interventions(setting, views):
        plain = one.name == AS_IT_IS
        try:
            returns = _returns(
                sandbox, one.setting(setting), one.source(source), seeds, watched if plain else None
            )
        except CandidateFailure as failure:
            if plain:
                raise
            effect = Effect(one, (), None, None, failure.reason)
        else:
            base = returns if plain else effects[0].returns
            lost = np.subtract(base, returns)
            error = float(lost.std(ddof=1) / np.sqrt(len(lost))) if len(lost) > 1 else None
            effect = Effect(one, tuple(returns), float(lost.mean()), error)
        effects.append(effect)
        on_effect(effect)
    rng = np.random.default_rng(0)
    return Probed(setting, tuple(seeds), tuple(effects), measures(watched, rng))


def _returns(
    sandbox: Sandbox, setting: Setting, source: str, seeds: Sequence[int], watched: list[Played] | None
) -> list[float]:
    found = []
    for seed in seeds:
        watch = _Watch()
        limits = Limits(cpu_seconds=SECONDS, wall_seconds=4 * SECONDS)
        sources = [source] * setting.agents
        on_step = None if watched is None else watch
        played = play_confined(sandbox, setting, sources, seed, limits, on_step)
        found.append(float(played.episode.by_founder.mean()))
        if watched is not None:
            watched.append(watch.played())
    return found


class _Watch:
    """Keeps what agents see and do, as a few symbols.

    An observation is where the nearest apple lies (ahead, right, behind, left, here or nowhere), and in
    Cleanup whether cleaning now would clear something.
    """

    def __init__(self) -> None:
        self._seen: list[npt.NDArray[np.int64]] = []
        self._done: list[npt.NDArray[np.int64]] = []
        self._present: list[npt.NDArray[np.bool_]] = []
        self._beams: npt.NDArray[np.int16] | None = None

    def __call__(self, environment: Environment) -> None:
        table = environment.table
        if self._beams is None:
            setting = environment.setting
            self._beams = beam_table(setting.game, environment.grid, setting.preset)
        self._done.append(table[kernels.LAST].astype(np.int64))
        self._present.append(table[kernels.TIMEOUT] == 0)
        self._seen.append(_symbols(environment, self._beams))

    def played(self) -> Played:
        """Return the episode: what was done is told by the state after it."""
        return Played(np.array(self._seen[:-1]), np.array(self._done[1:]), np.array(self._present[:-1]))


def _symbols(environment: Environment, beams: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    cells = environment.table[kernels.CELL].astype(np.int64)
    facing = environment.table[kernels.FACING].astype(np.int64)
    apples = environment.grid.apples[environment.apples == 0]
    toward = np.full(len(cells), 4, dtype=np.int64)
    if len(apples):
        nearest = apples[environment.paths.distance[cells][:, apples].argmin(axis=1)]
        direction = environment.paths.first[cells, nearest].astype(np.int64)
        toward = np.where(direction < 0, 4, (direction - facing) % 4)
    if not len(environment.waste):
        return toward
    dirty = np.zeros(environment.grid.cells + 1, dtype=bool)
    dirty[environment.grid.river[environment.waste > 0]] = True
    ahead = beams[cells, facing]  # padded with -1: the last entry, which is never dirty
    found: npt.NDArray[np.int64] = 2 * toward + dirty[ahead].any(axis=1)
    return found
