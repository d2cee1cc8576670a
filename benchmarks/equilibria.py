"""Whether equilibria are what they claim, and how long they take: python -m benchmarks.equilibria

Random games over scales, offsets, penalties and degeneracies are solved by `nash`, and enumerated once more
by code that shares nothing with it: all vertices of both best-response polytopes from all their bases, in
fractions (and by Gambit in rationals, where pygambit is installed). Logit QRE and RQE are compared with
the ends of independent continuations from uniform play in small steps. Values of random extensive games with
penalties are held against what the listed floats guarantee, by a walk over the tree in fractions. Printed is
what was false or missing, and the median time; the exit code is 1 if anything was false.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.branches import averse_small_steps, small_steps
from benchmarks.trees import exact_guarantees, random_tree
from nashforge.games import compile as compile_game
from nashforge.games.files.extensive import read_efg
from nashforge.solvers.equilibria import nash, qre, rqe
from nashforge.solvers.equilibria.extensive.guarantees import sequence_nash
from nashforge.solvers.risk.measures import RiskError

Array = npt.NDArray[np.float64]
Rows = list[list[Fraction]]
Profile = tuple[tuple[Fraction, ...], tuple[Fraction, ...]]
Pair = tuple[Array, Array]


# Independent enumeration, in fractions


def by_bases(first: Rows, second: Rows) -> tuple[set[Profile], bool]:
    """Return all extreme equilibria of a game, and whether it is degenerate: slowly, from all bases."""
    n, m = len(first), len(first[0])
    A = [[x - min(map(min, first)) + 1 for x in row] for row in first]
    B = [[x - min(map(min, second)) + 1 for x in row] for row in second]
    mine = _vertices([[B[i][j] for i in range(n)] for j in range(m)], n)
    theirs = _vertices(A, m)
    found, degenerate = set(), False
    for x, x_zero, x_tight in mine:
        degenerate |= len(x_zero) + len(x_tight) > n
        for y, y_zero, y_tight in theirs:
            if any(x) and any(y) and len(x_zero | y_tight) == n and len(y_zero | x_tight) == m:
                found.add((tuple(p / sum(x) for p in x), tuple(p / sum(y) for p in y)))
    degenerate |= any(len(zero) + len(tight) > m for _, zero, tight in theirs)
    return found, degenerate


def _vertices(rows: Rows, n: int) -> list[tuple[tuple[Fraction, ...], set[int], set[int]]]:
    """Return the vertices of ``{x >= 0, rows x <= 1}``: where ``x`` is zero, and which rows are tight."""
    facets = [[Fraction(int(i == k)) for i in range(n)] for k in range(n)] + rows
    right = [Fraction(0)] * n + [Fraction(1)] * len(rows)
    found: dict[tuple[Fraction, ...], tuple[set[int], set[int]]] = {}
    for basis in itertools.combinations(range(len(facets)), n):
        x = _gauss([[*facets[k], right[k]] for k in basis])
        if x is None or min(x) < 0:
            continue
        values = [sum(a * p for a, p in zip(row, x, strict=True)) for row in rows]
        if max(values) <= 1:
            zero = {i for i, p in enumerate(x) if p == 0}
            found[tuple(x)] = (zero, {j for j, value in enumerate(values) if value == 1})
    return [(x, *labels) for x, labels in found.items()]


def _gauss(rows: Rows) -> list[Fraction] | None:
    """Return the solution of a square system by Gauss and Jordan; nothing if it is singular."""
    n = len(rows)
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def by_gambit(first: Rows, second: Rows) -> set[Profile] | None:
    """Return the extreme equilibria that Gambit enumerates in rationals; nothing without pygambit.

    It is told payoffs between 0 and 1: at 1e9 and more version 16.7 finds no equilibrium.
    """
    try:
        import pygambit
    except ImportError:
        return None
    game = pygambit.Game.new_table([len(first), len(first[0])])
    for i, j in itertools.product(range(len(first)), range(len(first[0]))):
        outcome = game[i, j]
        for player, payoffs in zip(game.players, (first, second), strict=True):
            low, high = min(map(min, payoffs)), max(map(max, payoffs))
            told = (payoffs[i][j] - low) / ((high - low) or 1)
            outcome[player] = pygambit.Rational(told.numerator, told.denominator)
    found = set()
    for profile in pygambit.nash.enummixed_solve(game, rational=True).equilibria:
        mixed = [
            tuple(
                Fraction(int(p.numerator), int(p.denominator))
                for p in (profile[s] for s in player.strategies)
            )
            for player in game.players
        ]
        found.add((mixed[0], mixed[1]))
    return found


# Games


def plain(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Normal payoffs: almost never degenerate."""
    return rng.normal(size=(n, m)), rng.normal(size=(n, m))


def ties(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Few whole numbers: mostly degenerate."""
    return rng.integers(-2, 3, size=(n, m)).astype(float), rng.integers(-2, 3, size=(n, m)).astype(float)


def constant_sum(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Whole numbers that sum to 3 everywhere."""
    first = rng.integers(-9, 10, size=(n, m)).astype(float)
    return first, 3.0 - first


def duplicates(rng: np.random.Generator, n: int, m: int) -> Pair:
    """An action of each player twice, where there are two."""
    first, second = plain(rng, n, m)
    for payoffs in (first, second):
        payoffs[-1], payoffs[:, -1] = payoffs[0], payoffs[:, 0]
        payoffs[-1, -1] = payoffs[0, 0]
    return first, second


def penalties(rng: np.random.Generator, n: int, m: int) -> Pair:
    """Small whole numbers with a few penalties of up to -1e8."""
    first, second = ties(rng, n, m)
    for payoffs in (first, second):
        payoffs[rng.random((n, m)) < 0.2] = -(10.0 ** int(rng.integers(2, 9)))
    return first, second


def dominated(rng: np.random.Generator, n: int, m: int) -> Pair:
    """The last action of each player is worse than the first by a hair."""
    first, second = plain(rng, n, m)
    if n > 1:
        first[-1] = first[0] - 1e-9
    if m > 1:
        second[:, -1] = second[:, 0] - 1e-9
    return first, second


KINDS: tuple[Callable[[np.random.Generator, int, int], Pair], ...] = (
    plain,
    ties,
    constant_sum,
    duplicates,
    penalties,
    dominated,
)


def random_game(rng: np.random.Generator, index: int) -> tuple[str, Pair]:
    """Return one game and its kind: 1 to 4 actions a player, each scaled by 1e-12 to 1e12, some shifted."""
    kind = KINDS[index % len(KINDS)]
    n, m = (int(size) for size in rng.integers(1, 5, size=2))
    first, second = kind(rng, n, m)
    scales = 10.0 ** rng.integers(-12, 13, size=2)
    if kind is constant_sum:
        scales[1] = scales[0]
    offset = float(rng.integers(-5, 6)) * (rng.random() < 0.3)
    return kind.__name__, (first * scales[0] + offset, second * scales[1] + offset)


# Comparison


@dataclass
class Tally:
    """What was found of one kind of games."""

    games: int = 0
    degenerate: int = 0
    profiles: int = 0
    false: int = 0
    missing: int = 0
    falsely_complete: int = 0
    seconds: list[float] = field(default_factory=list)


def compare(payoffs: Pair, tally: Tally) -> bool:
    """Solve one game, count what is false or missing, and return whether Gambit could be asked."""
    began = time.perf_counter()
    found = nash(*payoffs)
    tally.seconds.append(time.perf_counter() - began)
    exact: Sequence[Rows] = [[[Fraction(float(x)) for x in row] for row in matrix] for matrix in payoffs]
    expected, degenerate = by_bases(*exact)
    listed = {profile for profile in found.exact if profile is not None}
    witness = by_gambit(*exact)
    tally.games += 1
    tally.degenerate += degenerate
    tally.profiles += len(found)
    tally.false += len(found) - len(listed & expected)
    tally.false += sum(
        not true_floats(*exact, *one) for one in zip(found, found.exact, found.gaps, strict=True)
    )
    missing = len(expected - listed)
    tally.missing += missing
    tally.falsely_complete += found.complete and (missing > 0 or found.degenerate != degenerate)
    if witness is not None and witness != expected:
        tally.false += len(listed - witness)
        tally.missing += len(witness - listed)
    return witness is not None


def true_floats(
    first: Rows, second: Rows, listed: Sequence[Array], exact: Profile | None, gap: float
) -> bool:
    """Whether listed floats are the nearest of their fractions, and have the gap that is told of them."""
    x, y = ([Fraction(float(p)) / sum(Fraction(float(q)) for q in own) for p in own] for own in listed)
    u = [sum(a * p for a, p in zip(row, y, strict=True)) for row in first]
    v = [sum(a * p for a, p in zip(column, x, strict=True)) for column in zip(*second, strict=True)]
    conv = max(u) - sum(a * p for a, p in zip(u, x, strict=True))
    conv += max(v) - sum(a * p for a, p in zip(v, y, strict=True))
    nearest = exact is None or all(
        [float(p) for p in strategy] == own.tolist() for strategy, own in zip(exact, listed, strict=True)
    )
    return nearest and abs(gap - float(conv)) <= 1e-6 * float(conv)


def nash_games(count: int, seed: int) -> bool:
    """Print the table of Nash equilibria; return whether none was false."""
    rng, tallies, asked = np.random.default_rng(seed), defaultdict[str, Tally](Tally), 0
    for index in range(count):
        kind, payoffs = random_game(rng, index)
        asked += compare(payoffs, tallies[kind])
    print(f"Nash equilibria of {count} random games against enumeration in fractions", end="")
    print(f", {asked} of them against Gambit, too:" if asked else " (pygambit is not installed):")
    title = ("kind", "games", "degenerate", "profiles", "false", "missing", "falsely complete", "median ms")
    print("| " + " | ".join(title) + " |")
    print("| --- " + "| ---: " * (len(title) - 1) + "|")
    for kind, one in tallies.items():
        numbers = (one.games, one.degenerate, one.profiles, one.false, one.missing, one.falsely_complete)
        print(f"| {kind} | {' | '.join(map(str, numbers))} | {1e3 * float(np.median(one.seconds)):.2f} |")
    return not any(one.false or one.falsely_complete for one in tallies.values())


def trees(count: int, seed: int) -> bool:
    """Print how values of extensive games hold against exact guarantees; return whether none was false."""
    rng, counts, seconds = np.random.default_rng(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            unit = Fraction(10) ** int(rng.integers(-9, 4))
            penalty = (-1) ** index * Fraction(10) ** int(rng.integers(0, 12))
            path = Path(folder) / f"{index}.efg"
            path.write_text(random_tree(rng, depth=4 + index % 3, penalty=penalty, unit=unit))
            form = compile_game(str(path), cache=False)
            began = time.perf_counter()
            try:
                found = sequence_nash(form)
            except RiskError:
                counts["refused"] += 1
                continue
            finally:
                seconds.append(time.perf_counter() - began)
            counts["solved"] += 1
            values = exact_guarantees(read_efg(path.read_text(), path.name), form, found.profile)
            # By what else is worth deciding: the value, or the unit of payoffs without penalties.
            slack = 1e-9 * max(abs(found.values[0]), float(unit))
            counts["false"] += any(
                abs(told - float(value)) > slack for told, value in zip(found.values, values, strict=True)
            ) or bool(abs(sum(values)) > slack)
    told = ", ".join(f"{counts[title]} {title}" for title in ("solved", "refused", "false"))
    print(f"\nExtensive games with penalties of up to 1e11, {count} at random:")
    print(f"{told}; median {1e3 * float(np.median(seconds)):.2f} ms")
    return counts["false"] == 0


def branches(count: int, seed: int) -> bool:
    """Print how many QRE and RQE end the branches that small steps follow; return whether none is false."""
    rng = np.random.default_rng(seed)
    counts, seconds = (
        {"logit QRE": Counter[str](), "RQE": Counter[str]()},
        defaultdict[str, list[float]](list),
    )
    for index in range(count):
        n, m = (int(size) for size in rng.integers(2, 5, size=2))
        first, second = (plain, ties)[index % 2](rng, n, m)
        if index % 4 == 2:  # coordination: branches come close to each other
            second = first + 0.2 * second
        width = max(np.ptp(first), np.ptp(second), 1.0)
        rationality = float(10.0 ** rng.uniform(0, 3)) / width
        tau, epsilon = 10.0 ** rng.uniform(-4, 1, size=2) / width, width / 10.0 ** rng.uniform(0, 2.5, size=2)
        regularizer = ("entropy", "barrier")[index // 4 % 2]
        began = time.perf_counter()
        found = {"logit QRE": qre(first, second, rationality=rationality)}
        middle = time.perf_counter()
        found["RQE"] = rqe(first, second, tau=tau, epsilon=epsilon, regularizer=regularizer)
        seconds["logit QRE"].append(middle - began)
        seconds["RQE"].append(time.perf_counter() - middle)
        ends = {
            "logit QRE": small_steps(first, second, rationality),
            "RQE": averse_small_steps(first, second, tau, epsilon, regularizer),
        }
        for name, one in found.items():
            end = ends[name]
            same = end is not None and all(
                np.abs(a - b).max() < 1e-5 for a, b in zip(one.strategies, end, strict=True)
            )
            counts[name]["compared" if end is not None else "lost by small steps"] += 1
            counts[name]["elsewhere, and said to lie on the branch"] += (
                end is not None and not same and bool(one.principal)
            )
            counts[name]["not known to lie on the branch"] += not one.principal
            counts[name]["not converged"] += not one.converged
    print(f"\nBranches of {count} random games, rationality times range of payoffs up to 1,000:")
    for name, tally in counts.items():
        told = ", ".join(f"{number} {title}" for title, number in tally.items())
        print(f"{name}: {told}; median {1e3 * float(np.median(seconds[name])):.1f} ms")
    return not any(tally["elsewhere, and said to lie on the branch"] for tally in counts.values())


def main() -> None:
    """Print all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--games", type=int, default=500, help="random games for Nash equilibria")
    parser.add_argument("--trees", type=int, default=300, help="random extensive games")
    parser.add_argument("--branches", type=int, default=200, help="random games for logit QRE and RQE")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    true = nash_games(arguments.games, arguments.seed) if arguments.games else True
    true &= trees(arguments.trees, arguments.seed) if arguments.trees else True
    true &= branches(arguments.branches, arguments.seed) if arguments.branches else True
    sys.exit(0 if true else 1)


if __name__ == "__main__":
    main()
