"""The offline proposer of policies: fragments of behaviour, recombined and tuned, without any model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from nashforge.archive.records import Role
from nashforge.evolve.proposers.base import Immediate, Individual, Proposal, ProposalError, Request
from nashforge.evolve.proposers.fragments.genome import (
    FOR_FLUID_GROUPS,
    Constant,
    Fragment,
    Genome,
    NotTakenApart,
    library,
    take_apart,
)
from nashforge.games.dilemmas.settings import parse_setting

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
        writer = _Writer(self._game == "cleanup", _is_fluid(request.parent), request.rng)
        try:
            genome = take_apart(request.parent.source)
            if request.partner is not None:
                parents.append((request.partner, Role.CROSSOVER))
                child, told = writer.crossed(genome, take_apart(request.partner.source))
            elif request.operator == "simplify":
                child, told = writer.simplified(genome)
            elif request.operator == "rewrite":
                child, told = writer.fresh()
            else:
                child, told = writer.mutated(genome)
        except NotTakenApart as error:
            raise ProposalError(
                f"{request.parent.nickname} cannot be taken apart into slots: {error}"
            ) from error
        return Proposal(child.source(), request.operator, told, tuple(parents))


def _is_fluid(parent: Individual) -> bool:
    """Whether a program plays where agents spawn and leave, as the names of its training episodes say."""
    return any(parse_setting(label.partition(" seed=")[0]).fluid for label in parent.scores)


class _Writer:
    """Writes one policy.

    Parameters
    ----------
    cleans, fluid
        Whether there is something to clean, and whether agents spawn and leave.
    rng
        Decides everything.
    """

    def __init__(self, cleans: bool, fluid: bool, rng: np.random.Generator) -> None:
        self._cleans, self._fluid, self._rng = cleans, fluid, rng

    def mutated(self, genome: Genome) -> tuple[Genome, str]:
        """Change constants, or what fills a slot."""
        kinds: list[tuple[float, Callable[[Genome], tuple[Genome, str]]]] = [
            (0.35, self._swapped),
            (0.15, self._extended),
        ]
        if genome.constants:
            kinds.append((0.5, self._tuned))
        weights = np.array([weight for weight, _ in kinds])
        return kinds[int(self._rng.choice(len(kinds), p=weights / weights.sum()))][1](genome)

    def _tuned(self, genome: Genome) -> tuple[Genome, str]:
        """Change one constant or a few."""
        names = sorted(genome.constants)
        count = min(len(names), 1 + int(self._rng.geometric(0.6) - 1))
        changed = {}
        for name in self._rng.choice(names, size=count, replace=False).tolist():
            old = genome.constants[name]
            changed[name] = _stepped(old, self._rng)
        told = "; ".join(
            f"{name} from {genome.constants[name].value} to {new.value}" for name, new in changed.items()
        )
        return genome.tuned(changed), told

    def _swapped(self, genome: Genome) -> tuple[Genome, str]:
        """Put another fragment into a slot."""
        slot = str(self._rng.choice(sorted(genome.fragments)))
        now = genome.fragments[slot].text.strip()
        new = self._one_of([fragment for fragment in self._fragments(slot) if fragment.text.strip() != now])
        return genome.put(new), f"{slot}: {new.says}"

    def _extended(self, genome: Genome) -> tuple[Genome, str]:
        """Fill slots that are empty, or empty one."""
        if self._fluid and "entry" not in genome.fragments:
            entry = self._drawn("entry")
            return genome.put(entry), f"entry: {entry.says}"
        if self._fluid and self._rng.random() < 0.5:
            return genome.without("entry"), "nobody spawns or leaves"
        if self._cleans and "clean" not in genome.fragments:
            duty, clean = self._drawn("on_duty"), self._drawn("clean")
            return genome.put(clean, duty), f"cleaning: {clean.says}; duty: {duty.says}"
        if "fire" in genome.fragments:
            return genome.without("fire"), "no more firing"
        fire = self._drawn("fire")
        return genome.put(fire), f"firing: {fire.says}"

    def fresh(self) -> tuple[Genome, str]:
        """Combine fragments anew, with constants from their whole ranges."""
        slots = ["harvest", *(["clean", "on_duty"] if self._cleans else [])]
        if self._rng.random() < 0.15:
            slots.append("fire")
        if self._fluid and self._rng.random() < 0.8:
            slots.append("entry")
        genome = Genome({slot: self._drawn(slot) for slot in slots})
        tuned = {name: _anywhere(value, self._rng) for name, value in genome.constants.items()}
        return genome.tuned(tuned), "combined anew: " + "; ".join(
            genome.fragments[slot].says for slot in slots
        )

    def crossed(self, one: Genome, other: Genome) -> tuple[Genome, str]:
        """Take some slots from the other parent, with its constants."""
        cleaning: list[tuple[str, ...]] = [("clean",), ("on_duty",)]
        if ("clean" in one.fragments) != ("clean" in other.fragments):
            cleaning = [("clean", "on_duty")]
        groups: list[tuple[str, ...]] = [("harvest",), *cleaning, ("fire",)]
        if self._fluid:
            groups.append(("entry",))
        fragments, taken = dict(one.fragments), []
        for group in groups:
            if self._rng.random() < 0.5 and any(slot in other.fragments for slot in group):
                fragments |= {slot: other.fragments[slot] for slot in group if slot in other.fragments}
                taken += [slot for slot in group if slot in other.fragments]
        if not taken:
            fragments["harvest"], taken = other.fragments["harvest"], ["harvest"]
        return Genome(fragments), f"{', '.join(taken)} of the other parent"

    def simplified(self, genome: Genome) -> tuple[Genome, str]:
        """Empty a slot, or round the constants."""
        if "fire" in genome.fragments:
            return genome.without("fire"), "no more firing"
        rounded = {
            name: replace(constant, value=_rounded(constant.value, 1))
            for name, constant in genome.constants.items()
        }
        if rounded != genome.constants:
            return genome.tuned(rounded), "constants rounded"
        return self._swapped(genome)

    def _drawn(self, slot: str) -> Fragment:
        return self._one_of(self._fragments(slot))

    def _fragments(self, slot: str) -> Sequence[Fragment]:
        return [one for one in library()[slot] if self._fluid or one.name not in FOR_FLUID_GROUPS]

    def _one_of(self, choices: Sequence[Fragment]) -> Fragment:
        return choices[int(self._rng.integers(len(choices)))]


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
