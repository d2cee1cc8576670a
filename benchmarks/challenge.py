"""Does the challenger find the games in which CFR+ is known to be weak? `python -m benchmarks.challenge`.

From CFR+, it must find games where DCFR is an order of magnitude better after equally many iterations. Prints
the games, and exits with 1 if there is none.
"""

from __future__ import annotations

import argparse
import sys

from nashforge.archive import Archive
from nashforge.evolve.measurement.challenges import ChallengeRequest, challenge
from nashforge.evolve.measurement.programs import find_program


def main() -> int:
    """Search and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", default="cfr_plus")
    parser.add_argument("--against", default="dcfr")
    parser.add_argument("--games", type=int, default=30)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    named = find_program(options.program, Archive.open)
    request = ChallengeRequest(
        tries=options.games, seed=options.seed, iterations=options.iterations, rivals=[options.against]
    )
    found = challenge(named, request)
    print(f"{found.tried} games in {found.seconds:.0f} s; not counted: {found.refused}")
    for one in found.found:
        print(f"{one.verdict.score:6.2f}  {one.verdict.value:.2e}  {one.verdict.rival_value:.2e}  {one.game}")
    return 0 if any(one.verdict.score >= 1 for one in found.found) else 1


if __name__ == "__main__":
    sys.exit(main())
