"""All profiles on given supports where nobody prefers one of its own actions, isolated by subdivision.

Where players mix over given actions, equilibria are roots of polynomials: for every player and every action a
of its support but the first, u(a, others) - u(first, others) = 0, as many equations as free probabilities.
They are linear in each player's strategy, so that their ranges over a product of simplices are those at its
corners, exactly. A product whose corners all have one sign holds no root; one where the interval Newton
operator contracts holds at most one, which Newton's method finds; any other is halved across its longest
edge.

Sources: Neumaier (1990), Interval Methods for Systems of Equations, chapter 5, for exclusion and uniqueness;
Ortega (1968), The Newton-Kantorovich Theorem, for existence. Gambit's ``enumpoly_solve`` subdivides likewise.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Support = tuple[int, ...]

ROUNDING = 1e-12
"""Bounds are widened by so much, in units of a player's range of payoffs; it is far above their rounding."""
CONTRACTS = 0.9
OUTSIDE = 1e-9
"""By how much a root may lie outside a cell and still be counted as on its border, in cells."""
MOST_STEPS = 30
ABSENT = 1e-13
"""Smaller weights of actions are the rounding of none."""
SMALLEST = 1e-5
"""Cells of shorter edges are not halved: the roots in them touch, or are infinitely many."""


@dataclass(frozen=True)
class Isolated:
    """The roots on one tuple of supports.

    Attributes
    ----------
    roots : list of tuples of ndarrays
        One strategy a player, over the actions of its support. Those on borders of cells may come twice.
    open : list of tuples of ndarrays
        The centres of cells that could not be decided: roots that touch, or infinitely many.
    cells : int
        So many were looked at.
    """

    roots: list[tuple[Array, ...]]
    open: list[tuple[Array, ...]]
    cells: int


def isolate(payoffs: Sequence[Array], supports: Sequence[Support], most_cells: int) -> Isolated:
    """Return all profiles on the supports in which every action of a support is worth the same to its player.

    Cells in which another action is certainly better are dropped: what is in them is no equilibrium.

    Parameters
    ----------
    payoffs
        One tensor a player, shape (actions of player 0, of player 1, ...), of a range of about 1.
    supports
        The actions that each player mixes, in ascending order.
    most_cells
        No more cells are looked at; what is left then stays open.
    """
    systems = [_differences(payoffs[i], i, supports) for i in range(len(supports))]
    cells = [np.eye(len(support))[None] for support in supports]
    roots: list[tuple[Array, ...]] = []
    looked = 0
    undecided: list[tuple[Array, ...]] = []
    while len(cells[0]) and looked + len(cells[0]) <= most_cells:
        looked += len(cells[0])
        values = [_on_cells(system, i, cells) for i, system in enumerate(systems)]
        kept = np.flatnonzero(_possible(values, supports))
        cells, values = [cell[kept] for cell in cells], [value[kept] for value in values]
        equations = [value[:, list(own[1:])] for value, own in zip(values, supports, strict=True)]
        if not sum(equation.shape[1] for equation in equations):  # pure: there is nothing to solve
            return Isolated(_centres(cells), [], looked)
        if not len(kept):
            break
        done, found = _decided(equations, cells)
        roots += [root for root in (_refined(systems, supports, each) for each in found) if root is not None]
        cells, small = _halved([cell[~done] for cell in cells])
        undecided += _centres(small)
    return Isolated(roots, undecided + _centres(cells), looked)


def _centres(cells: Sequence[Array]) -> list[tuple[Array, ...]]:
    return list(zip(*(cell.mean(axis=1) for cell in cells), strict=True))


def _differences(payoffs: Array, player: int, supports: Sequence[Support]) -> Array:
    """Return what each own action is worth beyond the first of the support, others on their supports.

    Shape (own actions, the others' supports in turn).
    """
    own = np.moveaxis(payoffs, player, 0)
    others = [list(support) for i, support in enumerate(supports) if i != player]
    table = own[np.ix_(range(len(own)), *others)]
    return np.asarray(table - table[supports[player][0]])


def _on_cells(system: Array, player: int, cells: Sequence[Array]) -> Array:
    """Return multilinear functions at all corners of cells, shape (cells, functions, corners...)."""
    values = np.broadcast_to(system, (len(cells[0]), *system.shape))
    for axis, corners in enumerate((each for i, each in enumerate(cells) if i != player), 2):
        moved = np.moveaxis(values, axis, -1)
        flat = moved.reshape(len(moved), -1, moved.shape[-1]) @ corners.transpose(0, 2, 1)
        values = np.moveaxis(flat.reshape(moved.shape), -1, axis)
    return np.ascontiguousarray(values)


def _possible(values: Sequence[Array], supports: Sequence[Support]) -> npt.NDArray[np.bool_]:
    """Whether a cell may hold an equilibrium: actions played can be worth the same, no other is better."""
    possible = np.ones(len(values[0]), dtype=np.bool_)
    for value, support in zip(values, supports, strict=True):
        flat = value.reshape(*value.shape[:2], -1)
        possible &= (flat.min(axis=2) <= ROUNDING).all(axis=1)
        possible &= (flat.max(axis=2)[:, list(support)] >= -ROUNDING).all(axis=1)
    return possible


def _decided(
    equations: Sequence[Array], cells: Sequence[Array]
) -> tuple[npt.NDArray[np.bool_], list[tuple[Array, ...]]]:
    """Return which cells need no further look, and the roots in them.

    Free coordinates are the weights of all corners of a player but the first. Within a cell, every root x
    is in ``c - Y f(c) + (I - Y J)(x - c)`` with c the centre, Y the inverse of the Jacobian there, and J its
    range over the cell; if ``I - Y J`` is a contraction, there is one root at most.
    """
    low, high, centre = _jacobian(equations)
    count, size = len(low), low.shape[1]
    value = np.concatenate([each.mean(axis=tuple(range(2, each.ndim))) for each in equations], axis=1)
    regular = np.linalg.cond(centre) < 1e10
    inverse = np.zeros_like(centre)
    inverse[regular] = np.linalg.inv(centre[regular])
    spread = np.abs(np.eye(size) - inverse @ ((low + high) / 2)) + np.abs(inverse) @ (
        (high - low) / 2 + ROUNDING
    )
    middle = np.concatenate([np.full(cell.shape[1] - 1, 1 / cell.shape[1]) for cell in cells])
    newton = middle - np.einsum("nij,nj->ni", inverse, value)
    radius = spread @ np.maximum(middle, 1 - middle) + ROUNDING
    done = regular & _misses(newton - radius, newton + radius, cells)
    roots = []
    for k in np.flatnonzero(regular & ~done & (spread.sum(axis=2).max(axis=1) < CONTRACTS)):
        weights = _newton([each[k : k + 1] for each in equations], newton[k], cells)
        if weights is not None:
            done[k] = True
            roots.append(tuple(w @ cell[k] for w, cell in zip(weights, cells, strict=True)))
    assert done.shape == (count,)
    return done, roots


def _refined(
    systems: Sequence[Array], supports: Sequence[Support], root: Sequence[Array]
) -> tuple[Array, ...] | None:
    """Return a root to the last digits of its small weights too; nothing if it is outside of the simplices.

    In cells a weight is known up to the rounding of one. Here the weight that follows from a player's others
    is its largest.
    """
    whole = [np.eye(len(each))[np.argsort(-each)] for each in root]
    cells = [each[None] for each in whole]
    values = [_on_cells(system, i, cells) for i, system in enumerate(systems)]
    equations = [value[:, list(own[1:])] for value, own in zip(values, supports, strict=True)]
    start = np.concatenate([(order @ each)[1:] for order, each in zip(whole, root, strict=True)])
    weights = _newton(equations, start, cells)
    if weights is None:
        return tuple(root)
    found = tuple(w @ order for w, order in zip(weights, whole, strict=True))
    return found if min(each.min() for each in found) >= -ABSENT else None


def _misses(low: Array, high: Array, cells: Sequence[Array]) -> npt.NDArray[np.bool_]:
    """Whether no weights between these bounds are those of a point of the cell."""
    missed = (high < -OUTSIDE).any(axis=1) | (low > 1 + OUTSIDE).any(axis=1)
    at = 0
    for cell in cells:
        free = slice(at, at + cell.shape[1] - 1)
        missed |= low[:, free].sum(axis=1) > 1 + OUTSIDE
        at = free.stop
    return np.asarray(missed)


def _jacobian(equations: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Return lower and upper bounds of the Jacobian over cells, and what it is at their centres."""
    players = len(equations)
    count, sizes = len(equations[0]), [each.shape[1] for each in equations]
    starts = [0, *itertools.accumulate(sizes)]
    low, high, centre = (np.zeros((count, starts[-1], starts[-1])) for _ in range(3))
    for i, j in itertools.permutations(range(players), 2):
        if not (sizes[i] and sizes[j]):
            continue
        along = np.moveaxis(equations[i], 2 + j - (j > i), 2)
        change = (along[:, :, 1:] - along[:, :, :1]).reshape(count, sizes[i], sizes[j], -1)
        block = (slice(None), slice(starts[i], starts[i + 1]), slice(starts[j], starts[j + 1]))
        low[block], high[block], centre[block] = change.min(axis=3), change.max(axis=3), change.mean(axis=3)
    return low, high, centre


def _newton(equations: Sequence[Array], start: Array, cells: Sequence[Array]) -> list[Array] | None:
    """Return the corners' weights at a root near a point if there is one in the cell, or on its border.

    Accepted by the theorem of Newton and Kantorovich: with F multilinear, second derivatives are at most four
    times its largest value.
    """
    free = start.copy()
    largest = max(float(np.abs(each).max()) for each in equations if each.size)
    for _ in range(MOST_STEPS):
        weights = _weights(free, cells)
        if any(abs(w).max() > 2 for w in weights):
            return None
        at = [each[None] for each in weights]
        local = [_at_point(each, i, at) for i, each in enumerate(equations)]
        value = np.concatenate([each.reshape(each.shape[1]) for each in local])
        jacobian = _slope(equations, weights)
        try:
            inverse = np.linalg.inv(jacobian)
        except np.linalg.LinAlgError:
            return None
        step = inverse @ value
        size = float(np.abs(step).max())
        free = free - step
        if size < 1e-13 * max(1.0, float(np.abs(free).max())):
            break
    norm = float(np.abs(inverse).sum(axis=1).max())
    if norm * 4 * largest * len(free) ** 2 * max(size, 1e-16) > 0.5:
        return None
    weights = _weights(free, cells)
    return weights if all(w.min() >= -OUTSIDE for w in weights) else None


def _weights(free: Array, cells: Sequence[Array]) -> list[Array]:
    found, at = [], 0
    for cell in cells:
        own = free[at : at + cell.shape[1] - 1]
        found.append(np.concatenate([[1 - own.sum()], own]))
        at += len(own)
    return found


def _at_point(equation: Array, player: int, weights: Sequence[Array]) -> Array:
    """Return multilinear functions at one point, of which each player's axis is kept with length one."""
    for axis, each in enumerate((w for i, w in enumerate(weights) if i != player), 2):
        equation = np.moveaxis(np.moveaxis(equation, axis, -1) @ each[0][:, None], -1, axis)
    return equation


def _slope(equations: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Return the Jacobian at one point."""
    starts = [0, *itertools.accumulate(each.shape[1] for each in equations)]
    slope = np.zeros((starts[-1], starts[-1]))
    for i, j in itertools.permutations(range(len(equations)), 2):
        # Everyone but j at the point, j at its corners.
        at = [np.eye(len(w)) if k == j else w[None] for k, w in enumerate(weights)]
        partial = equations[i]
        if not partial.shape[1]:
            continue
        for axis, each in enumerate((w for k, w in enumerate(at) if k != i), 2):
            partial = np.moveaxis(np.moveaxis(partial, axis, -1) @ each.T, -1, axis)
        corners = np.moveaxis(partial, 2 + j - (j > i), -1).reshape(partial.shape[1], -1)
        slope[starts[i] : starts[i + 1], starts[j] : starts[j + 1]] = corners[:, 1:] - corners[:, :1]
    return slope


def _halved(cells: list[Array]) -> tuple[list[Array], list[Array]]:
    """Return cells cut in two across the longest edge of their simplices, and those that are too small."""
    edges = [
        (i, p, q) for i, cell in enumerate(cells) for p, q in itertools.combinations(range(cell.shape[1]), 2)
    ]
    lengths = np.stack([np.linalg.norm(cells[i][:, p] - cells[i][:, q], axis=1) for i, p, q in edges])
    large = lengths.max(axis=0) > SMALLEST
    longest = np.where(large, lengths.argmax(axis=0), -1)
    halves: list[list[Array]] = [[] for _ in cells]
    for number, (i, p, q) in enumerate(edges):
        chosen = longest == number
        if not chosen.any():
            continue
        middle = (cells[i][chosen, p] + cells[i][chosen, q]) / 2
        for moved in (p, q):
            for k, cell in enumerate(cells):
                half = cell[chosen]
                if k == i:
                    half[:, moved] = middle
                halves[k].append(half)
    made = [np.concatenate(each) if each else cell[:0] for each, cell in zip(halves, cells, strict=True)]
    return made, [cell[~large] for cell in cells]
