"""The offline proposer of policies: fragments of behaviour, recombined and tuned, without any model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nashforge.archive.records import Role
from nashforge.evolve.proposers.base import Immediate, Proposal, ProposalError, Request
from nashforge.evolve.proposers.fragments.genome import (
    Constant,
    Fragment,
    Genome,
    NotTakenApart,
    library,
    take_apart,
)

TUNING_STEP = 0.15
"""Standard deviation of a step of a constant, as a share of its range."""

JUMP = 0.2
"""Probability that a constant is drawn anew from its whole range."""


class PolicyProposer(Immediate):
    """Writes policies for a game.

    Parameters
    ----------
    game
        ``gathering`` or ``cleanup``: only the latter has something to clean.
    """

    name = "offline"

    def __init__(self, game: str) -> None:
        self._game = game

    def propose(self, request: Request) -> Proposal:
        """Return a policy made from the requested parents.

        Raises
        ------
        ProposalError
            If a parent is no policy in slots.
        """
        parents = [(request.parent, Role.PARENT)]
        try:
            genome = take_apart(request.parent.source)
            if request.partner is not None:
                parents.append((request.partner, Role.CROSSOVER))
                child, told = self._crossed(genome, take_apart(request.partner.source), request.rng)
            elif request.operator == "simplify":
                child, told = self._simplified(genome, request.rng)
            elif request.operator == "rewrite":
                child, told = self._fresh(request.rng)
            else:
                child, told = self._mutated(genome, request.rng)
        except NotTakenApart as error:
            raise ProposalError(
                f"{request.parent.nickname} cannot be taken apart into slots: {error}"
            ) from error
        return Proposal(child.source(), request.operator, told, tuple(parents))

    def _mutated(self, genome: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        kinds: list[tuple[float, Callable[[Genome, np.random.Generator], tuple[Genome, str]]]] = [
            (0.35, self._swapped),
            (0.15, self._extended),
        ]
        if genome.constants:
            kinds.append((0.5, self._tuned))
        weights = np.array([weight for weight, _ in kinds])
        return kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))][1](genome, rng)

    def _tuned(self, genome: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        """Change one constant or a few."""
        names = sorted(genome.constants)
        count = min(len(names), 1 + int(rng.geometric(0.6) - 1))
        changed = {}
        for name in rng.choice(names, size=count, replace=False).tolist():
            old = genome.constants[name]
            changed[name] = _stepped(old, rng)
        told = "; ".join(
            f"{name} from {genome.constants[name].value} to {new.value}" for name, new in changed.items()
        )
        return genome.tuned(changed), told

    def _swapped(self, genome: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        """Put another fragment into a slot."""
        slot = str(rng.choice(sorted(genome.fragments)))
        choices = [f for f in library()[slot] if f.text.strip() != genome.fragments[slot].text.strip()]
        new = choices[int(rng.integers(len(choices)))]
        return genome.put(new), f"{slot}: {new.says}"

    def _extended(self, genome: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        """Fill slots that are empty, or empty one."""
        if self._game == "cleanup" and "clean" not in genome.fragments:
            duty, clean = _drawn("on_duty", rng), _drawn("clean", rng)
            return genome.put(clean, duty), f"cleaning: {clean.says}; duty: {duty.says}"
        if "fire" in genome.fragments:
            return genome.without("fire"), "no more firing"
        fire = _drawn("fire", rng)
        return genome.put(fire), f"firing: {fire.says}"

    def _fresh(self, rng: np.random.Generator) -> tuple[Genome, str]:
        """Combine fragments anew, with constants from their whole ranges."""
        slots = ["harvest", *(["clean", "on_duty"] if self._game == "cleanup" else [])]
        if rng.random() < 0.15:
            slots.append("fire")
        genome = Genome({slot: _drawn(slot, rng) for slot in slots})
        genome = genome.tuned({name: _anywhere(value, rng) for name, value in genome.constants.items()})
        return genome, "combined anew: " + "; ".join(genome.fragments[slot].says for slot in slots)

    def _crossed(self, one: Genome, other: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        """Take some slots from the other parent, with its constants."""
        groups: list[tuple[str, ...]] = [("harvest",), ("clean",), ("on_duty",), ("fire",)]
        if ("clean" in one.fragments) != ("clean" in other.fragments):
            groups = [("harvest",), ("clean", "on_duty"), ("fire",)]
        fragments, taken = dict(one.fragments), []
        for group in groups:
            if rng.random() < 0.5 and any(slot in other.fragments for slot in group):
                fragments |= {slot: other.fragments[slot] for slot in group if slot in other.fragments}
                taken += [slot for slot in group if slot in other.fragments]
        if not taken:
            fragments["harvest"], taken = other.fragments["harvest"], ["harvest"]
        return Genome(fragments), f"{', '.join(taken)} of the other parent"

    def _simplified(self, genome: Genome, rng: np.random.Generator) -> tuple[Genome, str]:
        """Empty a slot, or round the constants."""
        if "fire" in genome.fragments:
            return genome.without("fire"), "no more firing"
        rounded = {
            name: replace(constant, value=_rounded(constant.value, 1))
            for name, constant in genome.constants.items()
        }
        if rounded != genome.constants:
            return genome.tuned(rounded), "constants rounded"
        return self._swapped(genome, rng)


def _drawn(slot: str, rng: np.random.Generator) -> Fragment:
    choices = library()[slot]
    return choices[int(rng.integers(len(choices)))]


def _stepped(constant: Constant, rng: np.random.Generator) -> Constant:
    """Return a constant a step away; now and then anywhere in its range."""
    low, high, value = constant.low, constant.high, constant.value
    if low is None or high is None:
        scaled = value * float(np.exp(rng.normal(0.0, 0.4)))
        new = _rounded(scaled, 3) if isinstance(value, float) else round(scaled) + int(rng.integers(-1, 2))
        return Constant(new)
    if rng.random() < JUMP:
        return _anywhere(constant, rng)
    moved = value + rng.normal(0.0, TUNING_STEP) * (high - low)
    if isinstance(value, int):
        moved = round(moved) if round(moved) != value else value + int(rng.choice([-1, 1]))
        return Constant(int(min(max(moved, low), high)), low, high)
    return Constant(_rounded(min(max(moved, low), high), 2), low, high)


def _anywhere(constant: Constant, rng: np.random.Generator) -> Constant:
    low, high = constant.low, constant.high
    if low is None or high is None:
        return constant
    if isinstance(constant.value, int):
        return Constant(int(rng.integers(int(low), int(high) + 1)), low, high)
    return Constant(_rounded(float(rng.uniform(low, high)), 2), low, high)


def _rounded(value: int | float, digits: int) -> int | float:
    """Return a number with so many significant digits."""
    short = float(f"{value:.{digits - 1}e}")
    return int(short) if isinstance(value, int) else short
