"""The population of a CSRO run, read from the archive: payoffs, mixtures, and what others win from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.archive import Archive, Candidate, Run, Status
from nashforge.archive.records import Evaluation
from nashforge.errors import NashforgeError
from nashforge.evolve.domains.capabilities import Duels
from nashforge.solvers.psro.simulated import Estimate, exploitability, mean_payoff, mixture

Array = npt.NDArray[np.float64]

MOST_ITERATIONS = 200

ITERATION, MIXTURE = "iteration", "mixture"
"""What the data of a member tell: when it joined, and the weights of those before it that it answers."""


class PopulationError(NashforgeError, ValueError):
    """A stored population that is none: it was imported so, or is damaged."""

    def __init__(self, run: str, what: str) -> None:
        super().__init__(f"the population of {run} is damaged: {what}; import it again, or start another one")


@dataclass(frozen=True)
class Population:
    """The members of a population and what was measured of them.

    Attributes
    ----------
    members : tuple of Candidate
        In the order in which they joined.
    payoffs, errors : ndarray of float64
        Means and standard errors of the row's returns against the column's, shape ``(members, members)``.
    outside, outside_errors : ndarray of float64
        The same against outsiders, shape ``(members, outsiders)``.
    outsiders : tuple of str
        Their names.
    """

    members: tuple[Candidate, ...]
    payoffs: Array
    errors: Array
    outsiders: tuple[str, ...]
    outside: Array
    outside_errors: Array

    @property
    def hashes(self) -> list[str]:
        """The programs, in the order of the members."""
        return [member.program or "" for member in self.members]

    def group(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Return means and errors against some of the outsiders."""
        columns = [self.outsiders.index(name) for name in names]
        return self.outside[:, columns], self.outside_errors[:, columns]

    def sizes(self) -> list[int]:
        """Return how many members there were at the beginning of each iteration, and at the end."""
        joined = [int(member.data.get(ITERATION, 0)) for member in self.members]
        return [sum(each < t for each in joined) for t in range(1, max(joined) + 2)]


@dataclass(frozen=True)
class Iteration:
    """A population and its mixture after some iterations.

    Attributes
    ----------
    number : int
        0 for the population that it began with.
    joined : Candidate or None
        The program that was found; None where none was new.
    gain : Estimate or None
        What it wins from the mixture that it answers: a lower bound of how exploitable that was.
    weights : ndarray of float64
        Of the mixture over the members so far.
    within : Estimate
        The most that a member wins from the mixture.
    outside : dict
        By group of outsiders: what the mixture earns on average, the most that one of them wins from it, and
        who that is.
    """

    number: int
    joined: Candidate | None
    gain: Estimate | None
    weights: Array
    within: Estimate
    outside: Mapping[str, tuple[Estimate, Estimate, str]]


def population_of(archive: Archive, run: Run, duels: Duels) -> Population:
    """Return the members of a run that were measured, with all that is known of them.

    Raises
    ------
    PopulationError
        If matches are missing, or the iterations in which members joined are none.
    """
    members: list[Candidate] = []
    rows: list[Mapping[str, Sequence[float]]] = []
    outer: list[Mapping[str, Sequence[float]]] = []
    for candidate, evaluations in archive.candidates.outcomes(run):
        if candidate.status is Status.OK:
            members.append(candidate)
            rows.append(_returns(duels, evaluations, "train"))
            outer.append(_returns(duels, evaluations, "test"))
    _check_iterations(run, members)
    count, names = len(members), tuple(next(iter(duels.outsiders.values()), ()))
    payoffs, errors = np.zeros((count, count)), np.zeros((count, count))
    for i, found in enumerate(rows):
        for j, other in enumerate(members[:i]):
            payoffs[i, j], errors[i, j] = _mean(run, found, other.program or "")
            payoffs[j, i], errors[j, i] = 0.0 - payoffs[i, j], errors[i, j]
    both = np.array([[_mean(run, found, name) for name in names] for found in outer])
    both = both.reshape(count, len(names), 2)
    return Population(tuple(members), payoffs, errors, names, both[..., 0], both[..., 1])


def _check_iterations(run: Run, members: Sequence[Candidate]) -> None:
    joined = [member.data.get(ITERATION, 0) for member in members]
    for before, now in pairwise([0, *joined]):
        if not isinstance(now, int) or not before <= now <= MOST_ITERATIONS:
            raise PopulationError(run.nickname, f"a member joined in iteration {now!r:.40}")
    if joined and joined[0] != 0:
        raise PopulationError(run.nickname, "it began with no member")


def answered(run: Run, member: Candidate) -> dict[str, float]:
    """Return the weights by program of the mixture that a member answers; empty for who was there before.

    Raises
    ------
    PopulationError
        If they are no weights.
    """
    told = member.data.get(MIXTURE, {})
    weights: list[Any] = list(told.values()) if isinstance(told, dict) else [None]
    if not all(isinstance(one, int | float) and 0 <= one <= 1 for one in weights) or (
        weights and not sum(weights) > 0
    ):
        raise PopulationError(run.nickname, f"{member.nickname} answers no mixture")
    return {str(program): float(weight) for program, weight in told.items()}


def iterations_of(population: Population, duels: Duels, meta_solver: str) -> list[Iteration]:
    """Return the course of a population: its mixture after each iteration, and what others win from that."""
    told: list[Iteration] = []
    sizes = population.sizes() if population.members else []
    for t, size in enumerate(sizes):
        weights = mixture(meta_solver, population.payoffs, sizes[: t + 1])
        within, _ = exploitability(weights, population.payoffs[:size, :size], population.errors[:size, :size])
        outside = {}
        for name, members in duels.outsiders.items():
            payoffs, errors = (each[:size] for each in population.group(members))
            worst, who = exploitability(weights, payoffs, errors)
            outside[name] = (mean_payoff(weights, payoffs, errors), worst, members[who])
        joined = population.members[size - 1] if t and size > sizes[t - 1] else None
        gain = None if joined is None else _gain(population, size - 1, told[-1].weights)
        told.append(Iteration(t, joined, gain, weights, within, outside))
    return told


def _gain(population: Population, member: int, weights: Array) -> Estimate:
    """Return what a member earns against a mixture of those before it."""
    before = len(weights)
    payoffs, errors = population.payoffs[member, :before], population.errors[member, :before]
    return Estimate.of(float(payoffs @ weights), float(np.sqrt(errors**2 @ weights**2)))


def _returns(duels: Duels, evaluations: Sequence[Evaluation], split: str) -> Mapping[str, Sequence[float]]:
    """Return what was won in matches that were played here; in those of others where there are none."""
    rows = [row for row in evaluations if row.split == split]
    own = [row for row in rows if row.imported is None]
    return duels.returns(score for row in own or rows for score in row.scores)


def _mean(run: Run, found: Mapping[str, Sequence[float]], name: str) -> tuple[float, float]:
    """Return mean and standard error of the matches with a program or an outsider."""
    returns = found.get(name)
    if not returns:
        raise PopulationError(run.nickname, f"matches with {name[:40]} are missing")
    error = np.std(returns, ddof=1) / np.sqrt(len(returns)) if len(returns) > 1 else np.nan
    return float(np.mean(returns)), float(error)


def csro_as_dict(run: Run, population: Population, course: Sequence[Iteration], unit: str) -> dict[str, Any]:
    """Return a CSRO run as JSON; the fields are documented in docs/json.md."""

    def interval(found: Estimate | None) -> dict[str, float] | None:
        return None if found is None else {"value": found.value, "low": found.low, "high": found.high}

    return {
        "run": run.nickname,
        "unit": unit,
        "members": [
            {"program": member.nickname, "hash": member.program, ITERATION: member.data.get(ITERATION, 0)}
            for member in population.members
        ],
        "payoffs": population.payoffs.tolist(),
        "errors": population.errors.tolist(),
        "course": [
            {
                ITERATION: one.number,
                "joined": None if one.joined is None else one.joined.nickname,
                "gain": interval(one.gain),
                "mixture": one.weights.tolist(),
                "exploitability": interval(one.within),
                "outsiders": {
                    name: {"return": interval(mean), "exploitability": interval(most), "by": who}
                    for name, (mean, most, who) in one.outside.items()
                },
            }
            for one in course
        ],
    }
