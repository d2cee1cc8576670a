"""``python -m benchmarks.rrps table``: the 43 bots against each other, beside published numbers.

``table`` plays every pair and prints scores, the Nash equilibrium and, with ``--csv``, the whole table;
``players`` plays the four bots only whose scores are published, each against all. Ctrl-C prints what was
played so far. ``csro`` grows a population of programs with the meta-solvers nash and uniform, and prints what
others win from their mixtures; it goes on in the archive of ``--database`` where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.rrps.csro import compare
from benchmarks.rrps.published import EQUILIBRIUM, MATCHES, SCORES
from benchmarks.rrps.table import Table, tables
from nashforge.games.roshambo.bots import BOTS, THROWS, require_bots
from nashforge.solvers.equilibria.bimatrix import nash
from nashforge.solvers.rrps.match import population_scores


def main() -> None:
    """Play, and print beside what is published."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rrps", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("table", "players", "csro"))
    parser.add_argument(
        "--matches", type=int, help=f"of each pair (default: 100, and 4 of csro; published: {MATCHES:,})"
    )
    parser.add_argument("--csv", type=Path, help="file for the means of all pairs")
    parser.add_argument("--database", default="csro.db", help="of csro (default: csro.db)")
    parser.add_argument("--iterations", type=int, default=8, help="of csro (default: 8)")
    parser.add_argument("--evaluations", type=int, default=30, help="of each search of csro (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of csro (default: 0)")
    parser.add_argument("--workers", type=int, default=1, help="of csro (default: 1)")
    arguments = parser.parse_args()
    require_bots()
    if arguments.what == "csro":
        arguments.matches = arguments.matches or 4
        compare(arguments)
        return
    bots = sorted(BOTS)
    rows = bots if arguments.what == "table" else list(SCORES)
    found = played(bots, rows, arguments.matches or 100)
    print_scores(found, rows)
    print_differences(found)
    if arguments.what == "table":
        print_equilibrium(found)
    if arguments.csv is not None:
        lines = [",".join(["bot", *bots])]
        lines += [",".join([name, *(f"{x:.2f}" for x in row)]) for name, row in zip(bots, found.means)]
        arguments.csv.write_text("\n".join(lines) + "\n", encoding="utf-8")


def played(bots: list[str], rows: list[str], matches: int) -> Table:
    """Return the table of so many matches, or of those before Ctrl-C."""
    found: Table | None = None
    began = time.process_time()
    try:
        for found in tables(bots, rows, matches, THROWS):
            each = (time.process_time() - began) / found.matches
            told = f"\r{found.matches} of {matches} matches, {each:.1f} s of processor time each"
            print(told, end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        if found is None:
            raise
    print(file=sys.stderr)
    assert found is not None
    return found


def scores_of(found: Table, name: str) -> tuple[dict[str, float], dict[str, float], str]:
    """Return a bot's three scores, their standard errors, and who wins most from it."""
    i = found.bots.index(name)
    scores = population_scores(dict(zip(found.bots, found.means[i], strict=True)))
    worst = int(found.means[i].argmin())
    mean, most = np.sqrt((found.errors[i] ** 2).sum()) / len(found.bots), found.errors[i, worst]
    errors = {"pop_return": float(mean), "within_pop_expl": float(most), "agg_score": float(mean + most)}
    return scores, errors, found.bots[worst]


def print_scores(found: Table, rows: list[str]) -> None:
    """Print the three scores of each row, best first."""
    print(f"{found.matches} matches of each pair; ± is the standard error")
    print(f"{'bot':<16} {'PopReturn':>16} {'WithinPopExpl':>16} {'AggScore':>9}   loses most to")
    for name in sorted(rows, key=lambda each: -scores_of(found, each)[0]["agg_score"]):
        scores, errors, worst = scores_of(found, name)
        print(
            f"{name:<16} {scores['pop_return']:>8.2f} ± {errors['pop_return']:<5.2f} "
            f"{scores['within_pop_expl']:>8.2f} ± {errors['within_pop_expl']:<5.2f} "
            f"{scores['agg_score']:>9.2f}   {worst}"
        )


def print_differences(found: Table) -> None:
    """Print how far the scores that are published differ, in percent and in standard errors of both."""
    print(
        f"\n{'bot':<16} {'score':<16} {'here':>8} {'published':>10} {'differs by':>11}   in standard errors"
    )
    for name, published in SCORES.items():
        scores, errors, _ = scores_of(found, name)
        for (score, here), there in zip(scores.items(), published, strict=True):
            error = errors[score] * np.sqrt(1 + found.matches / MATCHES)
            print(
                f"{name:<16} {score:<16} {here:>8.2f} {there:>10.2f} {(here - there) / there:>10.1%}   "
                f"{(here - there) / error:+.1f}"
            )


def print_equilibrium(found: Table) -> None:
    """Print the Nash equilibrium of the table."""
    strategy = nash(found.means)[0]
    value = float((strategy @ found.means).min())
    print(f"\nNash equilibrium of the table: value {value:.3f}")
    order = np.argsort(-strategy)[:8]
    for i in order[strategy[order] > 1e-3]:
        known = EQUILIBRIUM.get(found.bots[i])
        print(
            f"{found.bots[i]:<16} {strategy[i]:.3f}" + ("" if known is None else f"   published {known:.3f}")
        )


if __name__ == "__main__":
    main()
