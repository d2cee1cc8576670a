"""Perturbs numbers: class constants, and literals inside expressions."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nashforge.evolve.proposers.rewriting.operators.sites import slots, structural
from nashforge.evolve.proposers.rewriting.sampling import Generator, chance, weighted
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import literal, number, significant, walk

_ADDITIVE = ("alpha", "beta", "gamma", "exponent", "power")
LARGEST_EXPONENT = 60.0
_LARGEST = 1e4
_GUARD = 1e-6
"""Numbers below this guard divisions; changing them changes nothing."""


@dataclass(frozen=True)
class _Site:
    """A number in a program."""

    name: str
    value: float
    exponent: bool
    weight: float
    write: Callable[[ast.expr], object]


def perturb_constant(program: Program, rng: Generator, strength: float) -> str:
    """Change one number by a random step."""
    sites = _sites(program)
    if not sites:
        raise NotApplicable("the program has no numbers")
    site = weighted(rng, sites, [site.weight for site in sites])
    new = _step(site, rng, strength)
    if new == site.value:
        raise NotApplicable("the number stays as it is")
    site.write(number(new))
    return f"{site.name} {site.value:g} -> {new:g}"


def perturb_several(program: Program, rng: Generator, strength: float) -> str:
    """Change all class constants a little."""
    sites = [site for site in _sites(program) if site.weight == 3]
    if len(sites) < 2:
        raise NotApplicable("the program has fewer than two constants")
    told = []
    for site in sites:
        new = _step(site, rng, 0.5 * strength)
        if new != site.value:
            site.write(number(new))
            told.append(f"{site.name} {site.value:g} -> {new:g}")
    if not told:
        raise NotApplicable("the numbers stay as they are")
    return ", ".join(told)


def _sites(program: Program) -> list[_Site]:
    found = []
    for name, node in program.constants.items():
        value = literal(node)
        if value is not None and not 0 < abs(value) < _GUARD:
            exponent = any(word in name for word in _ADDITIVE)
            found.append(_Site(name, value, exponent, 3.0, partial(program.constants.__setitem__, name)))
    for method, function in program.methods.items():
        nodes = list(walk(function)) if method != "start" else []
        exponents = {id(n.right) for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow)}
        indices = [node.slice for node in nodes if isinstance(node, ast.Subscript) and not _masks(node)]
        places = {id(part) for index in indices for part in walk(index)}
        for parent in nodes:
            fixed = isinstance(parent, ast.UnaryOp | ast.Slice | ast.Subscript) or structural(parent)
            for slot, node in slots(parent) if not fixed and id(parent) not in places else ():
                value = literal(node)
                if value is None or 0 < abs(value) < _GUARD:
                    continue
                if isinstance(parent, ast.Tuple) and value in (0, 1):
                    continue  # structure: the 1 of an average that keeps everything
                # Zeros and ones are mostly structure: the floor of regrets, the 1 of t / (t + 1).
                weight = 0.2 if value in (0, 1) else 2.0
                name = f"the number {value:g} in {method}()"
                found.append(_Site(name, value, id(node) in exponents, weight, slot.write))
    return found


def _masks(node: ast.Subscript) -> bool:
    """Whether entries are chosen by a condition, whose numbers are quantities, and not by their place."""
    return any(isinstance(part, ast.Compare) for part in walk(node.slice))


def _step(site: _Site, rng: Generator, strength: float) -> float:
    """Draw a new value: additive for exponents, multiplicative for scales, whole numbers stay whole."""
    value, size = site.value, 0.4 * strength
    draw = float(rng.standard_normal())
    if site.exponent or value == 0:
        moved = value + draw * size * max(0.7, 0.5 * abs(value))
        new = significant(max(-LARGEST_EXPONENT, min(LARGEST_EXPONENT, moved)), 2)
        return _whole(new, value)
    if isinstance(value, int):
        moved = value * math.exp(draw * size)
        step = round(moved) if round(moved) != value else value + (1 if draw > 0 else -1)
        limited = min(int(significant(float(step), 2)), int(_LARGEST))
        return max(1, limited) if value > 0 else limited
    if 0.5 < value < 1:
        rest = min(0.6, (1 - value) * math.exp(draw * size))
        return round(1 - significant(rest, 2), 6) if rest > 5e-4 else value
    new = significant(value * math.exp(draw * size), 2)
    if 0 < value <= 0.5:
        new = min(new, 0.95)
    if chance(rng, 0.05) and abs(new) > 0.05:
        new = 1.0
    return max(-_LARGEST, min(_LARGEST, new))


def _whole(new: float, old: float) -> float:
    """Keep whole exponents whole half of the time they come close: ``x**2`` reads better than ``x**2.04``."""
    nearest = round(new)
    if isinstance(old, int) and nearest != old and abs(new - nearest) < 0.25:
        return nearest
    return new
