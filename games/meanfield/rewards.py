"""Rewards as formulas of the mass, read off a game by asking it for well-chosen masses.

Mean-field games of OpenSpiel tell rewards one state and one distribution at a time. Each reward depends on
the mass of few states, as a sum of linear terms and of logarithms ``k log(m + floor)`` (aversion to crowds),
or as a quadratic (costs of the distance to the mean). Which of the two it is, and the coefficients, follow
from finitely many questions; then the formula must agree with the game at masses that were not asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Probe = Callable[[Floats], float]

AGREEMENT = 1e-11
"""How far a formula may be from the game, relative to the larger of 1 and the reward."""
SPELLED = 1e-13
DIGITS = 8
"""Coefficients within `SPELLED` of a number with so few digits are that number, as people write games."""
NEGLIGIBLE = 1e-9
"""Coefficients below it, relative to the other of the same mass, come from rounding."""
LOWEST = -745.0
"""The exponential of less is no number."""
MOST_QUADRATIC = 64
"""Quadratics of more masses would take too many questions."""


@dataclass(frozen=True)
class Formula:
    """A reward as a function of masses.

    Attributes
    ----------
    constant : float
    linear : tuple of (index, coefficient)
    logarithmic : tuple of (index, coefficient, floor)
    quadratic : tuple of (index, index, coefficient)
    """

    constant: float
    linear: tuple[tuple[int, float], ...] = ()
    logarithmic: tuple[tuple[int, float, float], ...] = ()
    quadratic: tuple[tuple[int, int, float], ...] = ()

    def __call__(self, mass: Floats) -> float:
        """Return the reward at a mass."""
        total = self.constant
        total += sum(slope * mass[j] for j, slope in self.linear)
        total += sum(weight * math.log(mass[j] + floor) for j, weight, floor in self.logarithmic)
        return float(total + sum(product * mass[i] * mass[j] for i, j, product in self.quadratic))

    @property
    def masses(self) -> tuple[int, ...]:
        """The indices of the masses that it depends on."""
        found = {j for j, _ in self.linear} | {j for j, _, _ in self.logarithmic}
        return tuple(sorted(found | {k for i, j, _ in self.quadratic for k in (i, j)}))


def find_formula(
    probe: Probe, size: int, rng: np.random.Generator, guess: Formula | None = None
) -> Formula | None:
    """Return the formula of a reward; None if it is of neither form.

    Parameters
    ----------
    probe
        Returns the reward at a mass of shape ``(size,)``.
    rng
        Draws the masses that tell what matters, and those that check.
    guess
        That of a similar state, which may be the same but for the constant.
    """
    checks = [rng.dirichlet(np.full(size, concentration)) for concentration in (0.2, 1.0, 5.0)]
    asked = [(mass, probe(mass)) for mass in checks]
    if guess is not None:
        moved = shifted(guess, probe, size)
        if agrees(moved, asked):
            return moved
    relevant = relevant_masses(probe, size, rng)
    for fit in (separable, quadratic):
        found = fit(probe, size, relevant)
        if found is not None and agrees(found, asked):
            return found
    return None


def agrees(formula: Formula, asked: Sequence[tuple[Floats, float]]) -> bool:
    """Whether a formula gives the rewards that a game gave."""
    return all(abs(formula(mass) - reward) <= AGREEMENT * max(1.0, abs(reward)) for mass, reward in asked)


def shifted(formula: Formula, probe: Probe, size: int) -> Formula:
    """Return a formula with the constant that fits the reward where all masses it depends on are 1."""
    mass = np.zeros(size)
    mass[list(formula.masses)] = 1.0
    without = replace(formula, constant=0.0)
    return replace(formula, constant=spelled(probe(mass) - without(mass)))


def relevant_masses(probe: Probe, size: int, rng: np.random.Generator) -> list[int]:
    """Return the indices of the masses that a reward depends on, by halving."""
    base = rng.uniform(0.2, 1.0, size)
    reward, other = probe(base), rng.uniform(0.2, 1.0, size)
    found, groups = [], [np.arange(size)]
    while groups:
        group = groups.pop()
        changed = base.copy()
        changed[group] = other[group]
        if probe(changed) == reward:
            continue
        if len(group) == 1:
            found.append(int(group[0]))
        else:
            groups += np.array_split(group, 2)
    return sorted(found)


def separable(probe: Probe, size: int, relevant: Sequence[int]) -> Formula | None:
    """Return the sum of linear terms and logarithms of the relevant masses that fits."""
    at_zero = probe(np.zeros(size))
    linear: list[tuple[int, float]] = []
    logarithmic: list[tuple[int, float, float]] = []
    for j in relevant:
        whole, half, quarter = (probe(_one(size, j, share)) for share in (1.0, 0.5, 0.25))
        slope, weight, floor = _one_mass(at_zero, whole, half, quarter)
        if abs(weight) > NEGLIGIBLE * max(1.0, abs(slope)):
            logarithmic.append((j, spelled(weight), spelled(floor)))
        else:
            slope = whole - at_zero
        if abs(slope) > NEGLIGIBLE * max(1.0, abs(weight)):
            linear.append((j, spelled(slope)))
    if any(floor <= 0.0 for _, _, floor in logarithmic):
        return None
    return shifted(Formula(0.0, tuple(linear), tuple(logarithmic)), probe, size)


def _one_mass(at_zero: float, whole: float, half: float, quarter: float) -> tuple[float, float, float]:
    """Return the coefficients of a linear term and a logarithm, and its floor, from rewards at four masses.

    The differences between a whole, a half and a quarter are two equations for the coefficients, if the floor
    is known; that at zero gives the floor, if the coefficients are. A floor starts as none.
    """
    slope, weight, floor = 0.0, 0.0, 0.0
    upper, lower = whole - half, half - quarter
    for _ in range(3):
        above, below = math.log((1.0 + floor) / (0.5 + floor)), math.log((0.5 + floor) / (0.25 + floor))
        weight = (2.0 * lower - upper) / (2.0 * below - above)
        slope = 4.0 * (upper - lower - weight * (above - below))
        exponent = (at_zero - whole + slope) / weight if weight else 0.0
        if not LOWEST < exponent < 0.0:
            return slope, weight, 0.0
        floor = math.exp(exponent) / (1.0 - math.exp(exponent))
    return slope, weight, floor


def quadratic(probe: Probe, size: int, relevant: Sequence[int]) -> Formula | None:
    """Return the quadratic of the relevant masses that fits."""
    if len(relevant) > MOST_QUADRATIC:
        return None
    constant = probe(np.zeros(size))
    linear: dict[int, float] = {}
    products: dict[tuple[int, int], float] = {}
    for j in relevant:
        whole, half = (probe(_one(size, j, share)) - constant for share in (1.0, 0.5))
        products[j, j] = spelled(2.0 * (whole - 2.0 * half))
        linear[j] = spelled(whole - products[j, j])
    for k, i in enumerate(relevant):
        for j in relevant[k + 1 :]:
            both = _one(size, i, 1.0) + _one(size, j, 1.0)
            alone = linear[i] + products[i, i] + linear[j] + products[j, j]
            products[i, j] = spelled(probe(both) - constant - alone)
    return Formula(
        spelled(constant),
        tuple((j, slope) for j, slope in linear.items() if abs(slope) > SPELLED),
        quadratic=tuple((i, j, product) for (i, j), product in products.items() if abs(product) > SPELLED),
    )


def spelled(value: float) -> float:
    """Return the number with few digits that a value is up to rounding, or the value."""
    short = float(f"{value:.{DIGITS}g}")
    return short if abs(value - short) <= SPELLED * abs(short) else value


def _one(size: int, index: int, share: float) -> Floats:
    mass = np.zeros(size)
    mass[index] = share
    return mass
