"""Strategic measures of policies of a dilemma over several seeds, every program confined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.domains.dilemmas.domain import ON_REQUEST_SECONDS
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.sandbox import CandidateFailure, Limits, Sandbox, Tier
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.metrics.registry import (
    EPISODES,
    Measure,
    Parameters,
    UndefinedMetricError,
    measures,
)
from nashforge.solvers.metrics.social import CrossPlay
from nashforge.solvers.policies.cross_play import cross_play
from nashforge.solvers.policies.episode import Episode
from nashforge.solvers.policies.metrics import Summary, summarise
from nashforge.solvers.policies.strategic import Encounters


@dataclass(frozen=True)
class PolicyRisk:
    """Strategic measures of one policy; see `nashforge.solvers.policies.strategic.Encounters`.

    Attributes
    ----------
    measures : dict
        Mean and interval over the seeds, by measure.
    strangers, hostile : dict
        Mean return of an agent, by policy of the others.
    """

    measures: dict[str, Summary]
    strangers: dict[str, float]
    hostile: dict[str, float]


@dataclass(frozen=True)
class PolicyRisks:
    """Strategic measures of some policies, and of all together, if there are several."""

    setting: Setting
    seeds: tuple[int, ...]
    programs: dict[str, PolicyRisk]
    together: CrossPlay | None


def policy_risks(
    programs: Sequence[NamedProgram], setting: Setting, seeds: Sequence[int], *, tier: str = "strict"
) -> PolicyRisks:
    """Let policies meet those of the library, and each other.

    Raises
    ------
    nashforge.evolve.sandbox.CandidateFailure
        If a program fails.
    """
    limits = Limits(wall_seconds=ON_REQUEST_SECONDS, cpu_seconds=ON_REQUEST_SECONDS)
    known = {name: one for name, one in measures(EPISODES).items() if _defined(one, setting)}
    found = {}
    with Sandbox(hosts=HOSTS, tier=Tier(tier)) as sandbox:

        def play(setting: Setting, sources: Sequence[str], seed: int) -> Episode:
            return play_confined(sandbox, setting, sources, seed, limits).episode

        for named in programs:
            met = [Encounters(setting, named.source, seed, play) for seed in seeds]
            try:
                found[named.label] = PolicyRisk(
                    {name: summarise(_value(measure, one) for one in met) for name, measure in known.items()},
                    {name: float(np.mean([one.strangers[name] for one in met])) for name in met[0].strangers},
                    {name: float(np.mean([one.hostile[name] for one in met])) for name in met[0].hostile},
                )
            except CandidateFailure as error:
                raise type(error)(f"{named.label}: {error.reason}", error.log, error.usage) from error
        together = None
        if len(programs) > 1:
            sources = [named.source for named in programs]
            together = CrossPlay(cross_play(setting, sources, seeds, play))
    return PolicyRisks(setting, tuple(seeds), found, together)


def _defined(measure: Measure, setting: Setting) -> bool:
    try:
        measure.check(Encounters(setting), Parameters())
    except UndefinedMetricError:
        return False
    return True


def _value(measure: Measure, met: Encounters) -> float | None:
    try:
        return measure.value(met, Parameters())
    except UndefinedMetricError:
        return None
