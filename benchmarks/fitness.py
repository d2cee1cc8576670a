"""Which fitness generalises? `python -m benchmarks.fitness --samples 400`.

Draws CFR rules at random from a wide family (discounting, clipping, floors, prediction, warm start, averaging
weights, policy exponents), runs each on the training games and on games held out from them (a smaller and a
different game, and training games with payoffs perturbed by 30 %), and prints for every definition of
training fitness how well it ranks the rules by their held-out fitness, and how good its favourites are there.

Measurements are kept in a file, so that the table can be printed again at once. No test game is looked at.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from nashforge import games
from nashforge.games import SequenceForm
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.cfr.interface import Array, RegretMinimizer
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.programs.session import NonFiniteOutputError, inline_sessions
from nashforge.solvers.sequence_form.profile import PolicyError

CHECKPOINTS = (100, 200, 500, 1000)
TRAIN = games.load_suite("cfr-train").games
HELD_OUT = ("kuhn_poker", "liars_dice(dice_sides=4)")
FLOORS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
JUDGES = (1e-6, 1e-8, 1e-10)
CHOICES: dict[str, tuple[Any, ...]] = {
    "alpha": (0, 1.0, 1.5, 2.0, 2.3, 3.0, 4.0),
    "alpha_slope": (0, 0, 0, 1, 2, 3),
    "shift": (0, 0, 1),
    "clip": ("plus", "disc"),
    "beta": (0.5, 0.0, -0.5, -1.0, -2.0),
    "floor": (0, 0, -20, -5, -1),
    "boost": (1, 1, 1, 1.1, 1.2, 0.9),
    "ema": (1.0, 1.0, 1.0, 0.7, 0.5, 0.3, 0.1),
    "o": (0, 0.33, 0.5, 0.75, 1.0, 1.0, 1.5, 2.0),
    "odecay": (0, 0, 0, 100, 300, 1000),
    "odecayT": (0, 0, 0, 0.5, 1),
    "pd": (0, 1),
    "warm": (0, 0, 0.25, 0.5, 0.75, 0.9),
    "gamma": (1, 2, 3, 4, 5, 8, 12, 20, 30),
    "gamma_slope": (0, 0, 5),
    "p": (1, 1, 1, 1.25, 1.5, 2, 3),
}


def family(c: dict[str, Any]) -> type[RegretMinimizer]:
    """Return the rule of a choice of mechanisms and parameters."""

    def discount(s: float, alpha: float) -> float:
        return float(s**alpha / (s**alpha + 1))

    class Sampled(RegretMinimizer):
        def start(self) -> None:
            self.regret = self.expected = self.prediction = self.infosets.zeros()

        def observe(self, t: int, regret: Array) -> None:
            if c["boost"] != 1:
                regret = np.where(regret > 0, c["boost"] * regret, regret)
            alpha = c["alpha"] + c["alpha_slope"] * t / self.horizon if c["alpha"] else 0
            s = t - 1 + c["shift"]
            kept = discount(s, alpha) if c["alpha"] else 1.0
            if c["clip"] == "plus":
                self.regret = np.maximum(self.regret * kept + regret, 0)
            else:
                fading = np.where(self.regret > 0, kept, discount(max(s, 1), c["beta"]))
                self.regret = self.regret * fading + regret
                if c["floor"]:
                    self.regret = np.maximum(self.regret, c["floor"])
            self.expected = (1 - c["ema"]) * self.expected + c["ema"] * regret
            optimism = c["o"]
            if c["odecay"]:
                optimism = optimism / (1 + t / c["odecay"])
            if c["odecayT"]:
                optimism = optimism * (1 - c["odecayT"] * t / self.horizon)
            ahead = self.regret * discount(t, alpha) if c["alpha"] and c["pd"] else self.regret
            self.prediction = ahead + optimism * self.expected

        def weights(self, t: int, policy: Array, reach: Array) -> tuple[float, float]:
            if t <= c["warm"] * self.horizon:
                return 1, 0
            gamma = c["gamma"] - c["gamma_slope"] * t / self.horizon
            return 1, (t / self.horizon) ** gamma

        def policy(self, t: int) -> Array:
            return self.infosets.normalize(np.maximum(self.prediction, 0) ** c["p"])

    return Sampled


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """Return a random choice."""
    choice = {name: values[rng.integers(len(values))] for name, values in CHOICES.items()}
    if choice["gamma"] <= 5:
        choice["gamma_slope"] = 0
    return choice


def forms() -> dict[str, SequenceForm]:
    """Return the games by label, training games first; perturbed ones are marked by ``P:``."""
    found = {name: games.compile(name) for name in (*TRAIN, *HELD_OUT)}
    for name in TRAIN[:3]:
        form = found[name]
        noise = 1 + 0.3 * np.random.default_rng(7).standard_normal(form.leaves).clip(-2, 2)
        perturbed = np.ascontiguousarray(form.leaf_payoffs * noise)
        found[f"P:{name}"] = dataclasses.replace(form, leaf_payoffs=perturbed)
    return found


def measure(
    rule: str | type[RegretMinimizer], played: dict[str, SequenceForm]
) -> dict[str, list[float]] | None:
    """Return exploitabilities at the checkpoints by game; None if the rule fails."""
    result = {}
    for name, form in played.items():
        arguments = CFR.arguments(form, CHECKPOINTS[-1])
        sessions = inline_sessions(lambda: LIBRARY.load(rule)[1], arguments)
        try:
            with np.errstate(all="ignore"):
                trajectory = CFR.run(form, sessions, CHECKPOINTS[-1], CHECKPOINTS)
        except (PolicyError, NonFiniteOutputError):
            return None
        result[name] = [point.gap for point in trajectory.curve]
    return result


def sample(cache: Path, seed: int, samples: int) -> list[dict[str, list[float]]]:
    """Return measurements of DCFR and of random rules, from the file or made now."""
    known: dict[str, dict[str, list[float]] | None] = {}
    if cache.exists():
        for line in cache.read_text().splitlines():
            row = json.loads(line)
            known[json.dumps(row.get("rule") or row["c"])] = row["res"]
    played = forms()
    found = []
    rng = np.random.default_rng(seed)
    wanted: list[Any] = ["dcfr", *(draw(rng) for _ in range(samples))]
    with cache.open("a") as file:
        for choice in wanted:
            key = json.dumps(choice)
            if key not in known:
                known[key] = measure(choice if isinstance(choice, str) else family(choice), played)
                name = "rule" if isinstance(choice, str) else "c"
                file.write(json.dumps({name: choice, "res": known[key]}) + "\n")
                file.flush()
            result = known[key]
            if result is not None:
                found.append(result)
    return found


def main() -> None:
    """Sample, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path("benchmark-fitness.jsonl"))
    options = parser.parse_args()
    rows = sample(options.cache, options.seed, options.samples)
    reference = rows[0]
    held_out = [name for name in reference if name in HELD_OUT or name.startswith("P:")]

    def log_ratio(row: dict[str, list[float]], names: list[str], floor: float, point: int) -> float:
        return float(
            np.mean([np.log10(max(reference[g][point], floor) / max(row[g][point], floor)) for g in names])
        )

    judged = {floor: np.array([log_ratio(row, held_out, floor, -1) for row in rows]) for floor in JUDGES}
    definitions = {
        f"log ratio at the end, floor {floor:g}": [log_ratio(row, list(TRAIN), floor, -1) for row in rows]
        for floor in FLOORS
    }
    definitions |= {
        f"log ratio over the curve, floor {floor:g}": [
            float(np.mean([log_ratio(row, list(TRAIN), floor, point) for point in (1, 2, 3)])) for row in rows
        ]
        for floor in FLOORS[2::2]
    }
    definitions["negative mean"] = [-float(np.mean([row[g][-1] for g in TRAIN])) for row in rows]
    table = Table(title=f"{len(rows)} rules: training fitness against held-out fitness")
    table.add_column("training fitness")
    for floor in JUDGES:
        table.add_column(f"rank correlation\njudged at {floor:g}", justify="right")
        table.add_column("best 15\nby training", justify="right")
    for name, values in definitions.items():
        best = np.argsort(-np.array(values))[:15]
        cells = []
        for held in judged.values():
            cells += [f"{spearmanr(values, held)[0]:.3f}", f"{held[best].mean():.2f}"]
        table.add_row(name, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
