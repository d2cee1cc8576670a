"""``python -m benchmarks.rrps table``: the 43 bots against each other, beside published numbers.

``table`` plays every pair and prints scores, the Nash equilibrium and, with ``--csv``, the whole table;
``players`` plays the four bots only whose scores are published, each against all.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.rrps.published import EQUILIBRIUM, SCORES
from benchmarks.rrps.table import Table, table
from nashforge.games.roshambo.bots import BOTS, THROWS, require_bots
from nashforge.solvers.equilibria.bimatrix import nash
from nashforge.solvers.rrps.match import population_scores


def main() -> None:
    """Play, and print beside what is published."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rrps", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("table", "players"))
    parser.add_argument(
        "--matches", type=int, default=10, help="of each pair (default: 10; published: 1,000)"
    )
    parser.add_argument("--csv", type=Path, help="file for the means of all pairs")
    arguments = parser.parse_args()
    require_bots()
    bots = sorted(BOTS)
    rows = bots if arguments.what == "table" else list(SCORES)
    found: Table | None = None
    for k, (name, sofar) in enumerate(table(bots, rows, arguments.matches, THROWS), 1):
        found = sofar
        print(f"\r{k} of {len(rows)}: {name:<20}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    assert found is not None
    print_scores(found, rows)
    if arguments.what == "table":
        print_equilibrium(found)
    if arguments.csv is not None:
        lines = [",".join(["bot", *bots])]
        lines += [",".join([name, *(f"{x:.2f}" for x in row)]) for name, row in zip(bots, found.means)]
        arguments.csv.write_text("\n".join(lines) + "\n", encoding="utf-8")


def print_scores(found: Table, rows: list[str]) -> None:
    """Print the three scores of each row, best first, with the error of its mean and what is published."""
    scores = {}
    for name in rows:
        i = found.bots.index(name)
        scores[name] = population_scores(dict(zip(found.bots, found.means[i])))
    print(f"{'bot':<16} {'PopReturn':>18} {'WithinPopExpl':>14} {'AggScore':>9}   published")
    for name in sorted(rows, key=lambda each: -scores[each]["agg_score"]):
        i, one = found.bots.index(name), scores[name]
        error = np.sqrt((found.errors[i] ** 2).sum()) / len(found.bots)  # unknown of single matches
        known = SCORES.get(name)
        beside = "" if known is None else "   " + " / ".join(f"{number:.2f}" for number in known)
        print(
            f"{name:<16} {one['pop_return']:>10.2f} ± {error:<5.2f} {one['within_pop_expl']:>14.2f} "
            f"{one['agg_score']:>9.2f}{beside}"
        )
    print(
        "± is the standard error; the largest of 43 noisy means makes WithinPopExpl too large, the more the"
    )
    print("fewer matches.")


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
