"""PSRO against the numbers of the literature and against OpenSpiel. `python -m benchmarks.psro PART`.

``check``: exploitability at iterations 10, 25, 50, 75 and 100 against an independent implementation; double
oracle down to 1e-8 on Kuhn and Leduc poker; SHOR on 3-player Kuhn against the clock.

``speed``: 50 iterations of PSRO with exact oracles on Leduc poker and Liar's Dice with 5 sides, against
OpenSpiel's psro_v2 with exact best responses, in the same process, turn by turn. OpenSpiel's payoffs are
sampled; it is given one sample an entry, the fewest possible, where ours are exact.

``table``: every meta-solver of the library on the four training and the four test games. Values are kept in
an archive of their own; what took longer than --seconds a game is shown as a timeout.

Exit code 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pyspiel
from rich.console import Console
from rich.table import Table

from benchmarks.pairing import human
from benchmarks.psro_search import measure, refusal
from nashforge import games
from nashforge.archive import Archive, Status
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Trial
from nashforge.solvers.solving import solve

KUHN_3, LEDUC, LIARS_5 = "kuhn_poker(players=3)", "leduc_poker", "liars_dice(dice_sides=5)"
POINTS = (10, 25, 50, 75, 100)
PUBLISHED: dict[tuple[str, str], tuple[float, ...]] = {
    (KUHN_3, "uniform"): (9.2e-2, 6.5e-2, 3.9e-2, 3.3e-2, 2.8e-2),
    (LEDUC, "uniform"): (1.17, 0.633, 0.398, 0.302, 0.250),
    (LEDUC, "nash"): (1.42, 0.703, 0.307, 0.140, 0.079),
    (KUHN_3, "shor"): (1.6e-2, 3.4e-3, 6.7e-4, 2.8e-5, 7.9e-5),
    (LEDUC, "shor"): (1.34, 0.401, 0.126, 0.060, 0.023),
}
"""Exploitability at `POINTS`, measured by an independent implementation of the paper's protocol."""

TOLERANCE = 0.2
SHOR_SECONDS, SHOR_VALUE = 60.0, 1e-3
ORACLE_ITERATIONS = {"kuhn_poker": 20, LEDUC: 400}
ORACLE_VALUE = 1e-8
SPEED_ITERATIONS, SPEED_TARGET = 50, 100


def check(console: Console) -> bool:
    """Print values beside the published ones; return whether all are close enough."""
    table = Table(title="Exploitability: ours / published")
    for column in ("game", "solver", *(f"iteration {t}" for t in POINTS), "largest error", "CPU s"):
        table.add_column(column, justify="left" if column in ("game", "solver") else "right")
    met = True
    for (game, solver), published in PUBLISHED.items():
        # Time of the processor: how long it takes on a machine that does nothing else.
        began = time.process_time()
        curve = solve(game, solver, POINTS[-1], POINTS).curve
        seconds = time.process_time() - began
        ours = [point.gap for point in curve]
        worst = max(abs(a / b - 1) for a, b in zip(ours, published, strict=True))
        met &= worst <= TOLERANCE
        cells = [f"{a:.3g} / {b:.3g}" for a, b in zip(ours, published, strict=True)]
        table.add_row(game, solver, *cells, f"{worst:.0%}", f"{seconds:.1f}")
        if (game, solver) == (KUHN_3, "shor"):
            good = seconds < SHOR_SECONDS and ours[-1] < SHOR_VALUE
            met &= good
            note = (
                f"SHOR on {game}: {ours[-1]:.2g} after 100 iterations, {seconds:.1f} s of CPU time (target "
                f"below {SHOR_VALUE:g} in {SHOR_SECONDS:g} s: {'met' if good else 'MISSED'})"
            )
    console.print(table)
    console.print(note)
    for game, iterations in ORACLE_ITERATIONS.items():
        value = solve(game, "nash", iterations, [iterations]).exploitability
        good = value < ORACLE_VALUE
        met &= good
        console.print(
            f"double oracle on {game}: {value:.2g} after {iterations} iterations (target below "
            f"{ORACLE_VALUE:g}: {'met' if good else 'MISSED'})"
        )
    return met


@contextlib.contextmanager
def without_cvxpy() -> Iterator[None]:
    """Let psro_v2 be imported where cvxpy is not installed, which only its Nash meta-solver needs."""
    try:
        import cvxpy  # noqa: F401
    except ImportError:
        name = "open_spiel.python.algorithms.lp_solver"
        sys.modules[name] = types.ModuleType(name)
        yield
        del sys.modules[name]
    else:
        yield


def openspiel_psro(name: str) -> Callable[[int], None]:
    """Return what does some iterations of OpenSpiel's PSRO with exact best responses and uniform mixing."""
    with without_cvxpy(), contextlib.redirect_stdout(io.StringIO()):
        from open_spiel.python import policy
        from open_spiel.python.algorithms.psro_v2 import best_response_oracle, psro_v2

        game = pyspiel.load_game(name)
        solver = psro_v2.PSROSolver(
            game,
            best_response_oracle.BestResponseOracle(game=game, policy=policy.UniformRandomPolicy(game)),
            sims_per_entry=1,
            initial_policies=[policy.UniformRandomPolicy(game) for _ in range(game.num_players())],
            meta_strategy_method="uniform",
            training_strategy_selector="probabilistic",
            sample_from_marginals=True,
        )

    def iterate(iterations: int) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            for _ in range(iterations):
                solver.iteration()

    return iterate


def speed(console: Console, rounds: int, theirs: int) -> bool:
    """Print seconds of both; return whether the target is met."""
    met = True
    table = Table(title=f"Seconds for {SPEED_ITERATIONS} iterations of PSRO with exact best responses")
    for column in ("game", "ours", "OpenSpiel psro_v2", "OpenSpiel did", "ours is faster", "target"):
        table.add_column(column, justify="left" if column == "game" else "right")
    for name in (LEDUC, LIARS_5):
        form = games.compile(name)
        solve(form, "uniform", 2, [2])
        mine, other = [], []
        for _ in range(rounds):
            began = time.perf_counter()
            solve(form, "uniform", SPEED_ITERATIONS, [SPEED_ITERATIONS])
            mine.append(time.perf_counter() - began)
            iterate = openspiel_psro(name)
            began = time.perf_counter()
            iterate(theirs)
            other.append(time.perf_counter() - began)
        # Its iterations grow dearer with the population, so the time of a full run is at least in proportion.
        scale = SPEED_ITERATIONS / theirs
        faster = statistics.median(b * scale / a for a, b in zip(mine, other, strict=True))
        met &= faster >= SPEED_TARGET
        table.add_row(
            name,
            human(statistics.median(mine)),
            human(statistics.median(other) * scale)
            + (" (in proportion)" if theirs < SPEED_ITERATIONS else ""),
            f"{theirs} iterations",
            f"{faster:,.0f}x",
            f">= {SPEED_TARGET}x: {'met' if faster >= SPEED_TARGET else 'MISSED'}",
        )
    console.print(table)
    return met


def stored(archive: Archive, solver: str, trial: Trial) -> str:
    """Return what the archive knows of a meta-solver in a game: a value and seconds, or why there is none."""
    program = archive.programs.add(domain("psro").source(solver), "psro")
    reason = ""
    for evaluation in reversed(archive.evaluations.find(program=program)):
        if (
            evaluation.settings.get("games") == [trial.game]
            and evaluation.settings["horizon"] == trial.iterations
        ):
            last = {s.metric: s.value for s in evaluation.scores if s.iteration == trial.iterations}
            if evaluation.status is Status.OK and "exploitability" in last:
                return f"{last['exploitability']:.2e} ({last['elapsed']:.0f} s)"
            reason = reason or refusal(evaluation.status, evaluation.reason)
    return reason or "not measured"


def compare(
    console: Console, database: str, seconds: float, solvers: list[str], measuring: bool, workers: int
) -> bool:
    """Print every meta-solver in every game of the training and test suites, as a table in Markdown."""
    work = domain("psro")
    with Archive.open(database) as archive:
        for suite in ("psro-train", "psro-test"):
            if measuring:
                measure(archive, solvers, suite, seconds, workers)
            trials = work.stage("test", suite, work.horizon, work.fitness).trials
            titles = [trial.label.replace(",imp_info=True,points_order=descending", "") for trial in trials]
            console.print(f"| `{suite}` | {' | '.join(titles)} |", soft_wrap=True)
            console.print(f"| --- |{' ---: |' * len(trials)}", soft_wrap=True)
            cells = {solver: [stored(archive, solver, trial) for trial in trials] for solver in solvers}
            for solver in solvers:
                marked = []
                for k, text in enumerate(cells[solver]):
                    values = [float(row[k].split()[0]) for row in cells.values() if row[k][0].isdigit()]
                    best = text[0].isdigit() and float(text.split()[0]) == min(values)
                    marked.append(f"**{text}**" if best else text)
                console.print(f"| `{solver}` | {' | '.join(marked)} |", soft_wrap=True, markup=False)
            console.print()
    return True


def main() -> int:
    """Run one part; exit code 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("check", "speed", "table"))
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed part (default 3)")
    parser.add_argument("--theirs", type=int, default=50, help="iterations of OpenSpiel (default 50)")
    parser.add_argument("--database", default=f"sqlite:///{Path('benchmark-psro.db').resolve()}")
    parser.add_argument("--seconds", type=float, default=600.0, help="most seconds a game may take (table)")
    parser.add_argument("--workers", type=int, default=1, help="games at a time (table; default 1)")
    parser.add_argument("--stored", action="store_true", help="measure nothing more (table)")
    parser.add_argument("--solvers", default=",".join(domain("psro").baselines()), help="of the table")
    options = parser.parse_args()
    console = Console(emoji=False, width=150)
    if options.part == "check":
        met = check(console)
    elif options.part == "speed":
        met = speed(console, options.rounds, options.theirs)
    else:
        solvers = options.solvers.split(",")
        met = compare(
            console, options.database, options.seconds, solvers, not options.stored, options.workers
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
