"""The spread of equal formulas in the games of a suite, because they round differently.

Rules of the library solve each game with its payoffs times several factors, of which one is 1 and the others
are no powers of two: the values, divided by the factor, would be equal if numbers were exact. Printed is, by
game, the span over the factors in orders of magnitude, for the rule with the median span and for the worst.

    python -m benchmarks.rounding cfr-train [--iterations 100 --iterations 1000] [--write]

``--write`` keeps the worst in ``evolve/evaluation/rounding.toml``, from where prompts tell them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from nashforge.errors import NashforgeError
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation import rounding
from nashforge.evolve.evaluation.messages import Trial
from nashforge.evolve.search.references import floors
from nashforge.solvers.solving import solve

FACTORS = (1.0, 3.0, 0.7, 11.0)
RULES = ("pcfr_plus", "dcfr_plus", "pdcfr_plus", "hs_pcfr_plus", "aod_cfr")


def spans(work: GameDomain, trial: Trial, floor: float) -> dict[str, float]:
    """Return the span of each rule in a trial."""
    found = {}
    for rule in RULES:
        values = [
            solve(
                work.read(trial.model_copy(update={"scale": factor})),
                rule,
                trial.iterations,
                (trial.iterations,),
                kind=work.kind,
            ).exploitability
            / factor
            for factor in FACTORS
        ]
        found[rule] = rounding.spread(values, floor)
    return found


def kept() -> Path:
    """Return where the data is kept."""
    return Path(rounding.__file__).with_name(rounding.DATA)


def text_of(data: dict[str, dict[str, float]]) -> str:
    """Return data as TOML."""
    parts = ["# Orders of magnitude; python -m benchmarks.rounding SUITE --write measures them."]
    for name, spreads in sorted(data.items()):
        lines = [f'"{game}" = {value:.3f}' for game, value in sorted(spreads.items())]
        parts.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure a suite and print it; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suite", help="a suite of CFR games, such as cfr-train")
    parser.add_argument("--iterations", type=int, action="append", help="default: 100 and 1000")
    parser.add_argument("--write", action="store_true", help="keep the worst as data")
    chosen = parser.parse_args(arguments)
    work = domain("cfr")
    assert isinstance(work, GameDomain)
    measured: dict[str, float] = {}
    print(f"{'iterations':>10}  {'median':>6}  {'worst':>6}  {'of':<14}game")
    try:
        for iterations in chosen.iterations or (100, 1000):
            stage = work.stage("train", chosen.suite, iterations, work.fitness)
            floor = floors(work, stage)
            for trial in stage.trials:
                found = spans(work, trial, floor.get(trial.label, stage.fitness.floor))
                worst = max(found, key=found.__getitem__)
                measured[rounding.name_of(trial)] = round(found[worst], 3)
                median = float(np.median(list(found.values())))
                print(
                    f"{iterations:>10}  {median:>6.2f}  {found[worst]:>6.2f}  {worst:<14}{trial.label}",
                    flush=True,
                )
    except NashforgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if chosen.write:
        data = {name: dict(spreads) for name, spreads in rounding.known().items()}
        data["cfr"] = data.get("cfr", {}) | measured
        kept().write_text(text_of(data), encoding="utf-8")
        print(f"kept in {kept()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
