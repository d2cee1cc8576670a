"""Social dilemmas: speed, known numbers, strangers, evolution. `python -m benchmarks.dilemmas`.

Prints environment steps a second with nearest-apple policies (ten agents), in-process and sandboxed; the time
of one policy evaluation; what the library's policies reach; Schelling diagrams, invaders and cross-play; and,
with ``evolve``, what offline evolution finds. ``evolve`` keeps its runs in an archive of its own: an
interrupted benchmark continues where it was. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

from benchmarks.studies.schelling import invasion, schelling
from nashforge.archive import Archive, ArchiveNotFound, NotFound
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.proposers.fragments.genome import library as library_fragments
from nashforge.evolve.proposers.fragments.genome import take_apart
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.search.population.ranking import ranked
from nashforge.games.dilemmas.settings import GAMES, Setting
from nashforge.solvers.policies import policy_names, policy_source
from nashforge.solvers.policies.cross_play import Play, cross_play
from nashforge.solvers.policies.episode import in_process
from nashforge.solvers.policies.metrics import METRICS, summaries

SEEDS = range(5)
STEPS_IN_PROCESS, STEPS_SANDBOXED, EVALUATION_SECONDS = 4000, 1500, 5.0
"""Targets: environment steps a second, and seconds of five episodes of 1000 steps."""

EFFICIENCY = {"gathering": 3.0, "cleanup": 2.0}
"""Targets of evolution on test seeds; in Cleanup with positive equality."""


Evolved: TypeAlias = dict[str, list[tuple[str, str]]]
"""Names and sources of programs, by game."""


def pairs() -> list[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Return games with a cooperator and a defector, by name and source, that harvest alike."""
    rotation = take_apart(policy_source("duty_rotation"))
    partition = take_apart(policy_source("cooperative_partition"))
    [fires] = [fragment for fragment in library_fragments()["fire"] if fragment.name == "fire_always"]
    return [
        (
            "cleanup",
            ("duty_rotation", rotation.source()),
            ("the same, never cleaning", rotation.without("clean", "on_duty").source()),
        ),
        (
            "gathering",
            ("cooperative_partition", partition.source()),
            ("the same, firing", partition.put(fires).source()),
        ),
        (
            "gathering",
            ("nearest_apple", policy_source("nearest_apple")),
            ("the same, firing (exploiter)", policy_source("exploiter")),
        ),
    ]


screen = Console(emoji=False, highlight=False, width=120 if not sys.stdout.isatty() else None)


def speed(rounds: int) -> bool:
    """Time episodes; the best of some rounds, because the machine is shared."""
    source = policy_source("nearest_apple")
    columns = ("in-process", "sandboxed", "in-process, CPU", "sandboxed, CPU", "random actions")
    table = Table("game", *columns, "5 x 1000 steps", title="Steps a second, and a second of CPU time")
    fine = True
    with Sandbox(HOSTS) as sandbox:
        for game in GAMES:
            setting = Setting(game)
            sources = [source] * setting.agents

            def confined(seed: int, setting: Setting = setting, sources: list[str] = sources) -> float:
                return play_confined(sandbox, setting, sources, seed).usage.cpu_seconds

            def inline(seed: int, setting: Setting = setting, sources: list[str] = sources) -> float:
                in_process(setting, sources, seed)
                return 0.0

            inside, inside_cpu = best_rates(inline, setting.horizon, rounds)
            outside, outside_cpu = best_rates(confined, setting.horizon, rounds)
            began = time.perf_counter()
            for seed in SEEDS:
                confined(seed)
            evaluation = time.perf_counter() - began
            rates = (inside, outside, inside_cpu, outside_cpu, bare_rate(setting, rounds))
            table.add_row(game, *(f"{rate:,.0f}" for rate in rates), f"{evaluation:.2f} s")
            fine &= inside >= STEPS_IN_PROCESS and outside >= STEPS_SANDBOXED
            fine &= evaluation <= EVALUATION_SECONDS
    screen.print(table)
    screen.print(
        f"targets: {STEPS_IN_PROCESS:,} in-process, {STEPS_SANDBOXED:,} sandboxed, {EVALUATION_SECONDS:g} s; "
        f"{'met' if fine else '[red]missed[/]'}\n"
    )
    return fine


def best_rates(work: Callable[[int], float], steps: int, rounds: int) -> tuple[float, float]:
    """Return the best steps a second, and a second of CPU time, of some episodes after one to warm up.

    ``work`` plays an episode and returns the CPU time that other processes used for it.
    """
    work(0)
    found, found_cpu = 0.0, 0.0
    for seed in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        others = work(seed)
        found_cpu = max(found_cpu, steps / (time.process_time() - began_cpu + others))
        found = max(found, steps / (time.perf_counter() - began))
    return found, found_cpu


def bare_rate(setting: Setting, rounds: int) -> float:
    """Return steps a second of the environment alone, with random actions."""
    import numpy as np

    from nashforge.games.dilemmas import make

    environment = make(setting)
    rng = np.random.default_rng(0)
    actions = rng.choice(environment.actions, size=(setting.horizon, setting.agents))
    found = 0.0
    for seed in range(rounds + 1):
        environment.reset(np.random.default_rng(seed))
        began = time.perf_counter()
        for chosen in actions:
            environment.step(chosen)
        found = max(found, setting.horizon / (time.perf_counter() - began))
    return found


def library(preset: str) -> bool:
    """Print what the library's policies reach in self-play."""
    fine = True
    for game in GAMES:
        table = Table("policy", *METRICS, title=f"{game}, {preset}, seeds 0-4")
        for name in policy_names():
            setting = Setting(game, preset=preset)
            sources = [policy_source(name)] * setting.agents
            episodes = [in_process(setting, sources, seed) for seed in SEEDS]
            found = summaries([episode.metrics for episode in episodes])
            table.add_row(name, *(_shown(found[metric].mean) for metric in METRICS))
            if (game, name, preset) == ("cleanup", "nearest_apple", "gallego2026"):
                fine = [episode.metrics["efficiency"] for episode in episodes] == [0.103] * len(episodes)
        screen.print(table)
    if preset == "gallego2026":
        screen.print(f"collectors in Cleanup score exactly 0.103: {'yes' if fine else '[red]no[/]'}\n")
    return fine


def dilemmas(seeds: Sequence[int], more: Sequence[int]) -> None:
    """Print Schelling diagrams, what follows from them, and what an invader gains.

    The conditions of a dilemma are corners of the diagram, played with ``more`` seeds. One holds where its
    whole interval says so, and is open where the interval has zero in it.
    """
    shown = set()
    for game, (cooperator, gives), (defector, takes) in pairs():
        setting = Setting(game)
        found = schelling(setting, gives, takes, seeds)
        others = [str(k) for k in range(setting.agents)]
        table = Table("others that cooperate", *others, title=f"{game}: mean return by what the others do")
        table.add_row(cooperator, *(f"{value:.0f}" for value in found.cooperate))
        table.add_row(defector, *(f"{value:.0f}" for value in found.defect))
        screen.print(table)
        conditions = Table("condition", f"margin, {len(more)} seeds, 95 % interval", "holds")
        held = {}
        for name, margin in schelling(setting, gives, takes, more, corners=True).margins.items():
            assert margin.mean is not None
            # Without a second seed there is no interval, and nothing is clear.
            low = -float("inf") if margin.low is None else margin.low
            high = float("inf") if margin.high is None else margin.high
            held[name] = holds = "yes" if low > 0 else "no" if high < 0 else "open"
            conditions.add_row(name.replace("_", " "), f"{margin.mean:.0f} ({low:.0f} to {high:.0f})", holds)
        screen.print(conditions)
        verdict = _dilemma(held)
        invaded = invasion(setting, gives, takes, seeds)
        screen.print(
            f"dilemma: {verdict}; one invader earns {invaded.invader:.0f} beside "
            f"hosts with {invaded.host:.0f}, a host among hosts {invaded.peaceful:.0f}\n"
        )
        if verdict == "yes":
            shown.add(game)
    for game in GAMES:
        told = "shown to be a social dilemma" if game in shown else "[red]not shown to be a social dilemma[/]"
        screen.print(f"{game}: {told} by these policies")
    screen.print()


def _dilemma(held: Mapping[str, str]) -> str:
    """Return whether the conditions make a dilemma: ``yes``, ``no``, or ``open``."""
    motives = (held["fear"], held["greed"])
    motive = "yes" if "yes" in motives else "open" if "open" in motives else "no"
    needed = (held["pays"], held["needs_others"], motive)
    return "no" if "no" in needed else "open" if "open" in needed else "yes"


def strangers(seeds: Sequence[int], evolved: Evolved) -> None:
    """Print how policies fare with strangers; ``evolved`` are names and sources by game."""
    for game in GAMES:
        pool = [(name, policy_source(name)) for name in policy_names() if name != "random"]
        pool += evolved.get(game, [])
        sources = [source for _, source in pool]
        if evolved.get(game):
            with Sandbox(HOSTS) as sandbox:
                matrix = cross_play(Setting(game), sources, seeds, confined(sandbox))
        else:
            matrix = cross_play(Setting(game), sources, seeds)
        means = [row.sum() - row[place] for place, row in enumerate(matrix)]
        heads = (*(name.split("_")[0] for name, _ in pool), "mean with strangers")
        table = Table("half run / the others run", *heads, title=f"{game}: cross-play, mean return")
        for (name, _), row, total in zip(pool, matrix, means, strict=True):
            cells = (f"{value:.0f}" for value in row)
            table.add_row(name, *cells, f"{total / (len(pool) - 1):.0f}")
        screen.print(table)


def confined(sandbox: Sandbox) -> Play:
    """Return what plays an episode in the sandbox."""
    return lambda setting, sources, seed: play_confined(sandbox, setting, sources, seed).episode


def evolved_programs(url: str, seeds: Sequence[int]) -> Evolved:
    """Return the best programs of the runs of ``evolve`` that an archive has, by game."""
    best: Evolved = {game: [] for game in GAMES}
    try:
        opened = Archive.open(url, create=False)
    except ArchiveNotFound:
        return best
    with opened as archive:
        for game in GAMES:
            for seed in seeds:
                try:
                    [chosen] = ranked(archive, archive.runs.get(run_name(game, seed)), 1)
                except (NotFound, ValueError):
                    continue  # not begun, or nothing measured yet
                assert chosen.program is not None
                best[game].append((f"evolved {seed}", archive.programs.get(chosen.program).source))
    return best


def evolve(url: str, evaluations: int, seeds: Sequence[int]) -> Evolved:
    """Search from the nearest-apple policy with every seed; return the best programs by game."""
    with Archive.open(url) as archive:
        for seed in seeds:
            for game in GAMES:
                search(archive, game, seed, evaluations)
    return evolved_programs(url, seeds)


def run_name(game: str, seed: int) -> str:
    """Return what a run of ``evolve`` is called."""
    return f"dilemmas-{game}-{seed}"


def search(archive: Archive, game: str, seed: int, evaluations: int) -> None:
    """Do one run, or finish it; one worker, so that it can be repeated exactly."""
    name = run_name(game, seed)
    try:
        run = archive.runs.get(name)
    except NotFound:
        options = {"domain": game, "seed": seed, "max_evaluations": evaluations, "workers": 1}
        start_run(archive, load_config(options), name=name)
        return
    if str(run.state) != "finished":
        resume_run(archive, run, changes={"max_evaluations": evaluations})


def report(evolved: Evolved) -> bool:
    """Print what evolution found, measured in the sandbox on test seeds."""
    fine = True
    table = Table("game", "program", *METRICS, title="Offline evolution, test seeds 0-4")
    with Sandbox(HOSTS) as sandbox:
        for game, programs in evolved.items():
            for name, source in programs:
                setting = Setting(game)
                sources = [source] * setting.agents
                episodes = [play_confined(sandbox, setting, sources, seed).episode for seed in SEEDS]
                found = summaries([episode.metrics for episode in episodes])
                table.add_row(game, name, *(_shown(found[metric].mean) for metric in METRICS))
                fine &= (found["efficiency"].mean or 0.0) >= EFFICIENCY[game]
                fine &= game != "cleanup" or (found["equality"].mean or 0.0) > 0
    screen.print(table)
    targets = ", ".join(f"{value:g} in {game}" for game, value in EFFICIENCY.items())
    screen.print(
        f"targets: efficiency {targets} with positive equality; {'met' if fine else '[red]missed[/]'}\n"
    )
    return fine


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("speed", "library", "dilemmas", "strangers", "evolve")
    parser.add_argument(
        "parts", nargs="*", default=["speed", "library", "dilemmas", "strangers"], metavar="PART"
    )
    parser.add_argument("--rounds", type=int, default=5, help="episodes to time (the best counts)")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of diagrams and cross-play")
    parser.add_argument("--corner-seeds", type=int, default=20, help="seeds of the conditions of a dilemma")
    parser.add_argument("--evaluations", type=int, default=300, help="of each run of evolve")
    parser.add_argument("--runs", type=int, default=3, help="runs of evolve, each with a seed of its own")
    parser.add_argument(
        "--database",
        default="dilemmas.db",
        help="archive of evolve, whose best programs play with strangers, too",
    )
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(parts)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    fine = True
    evolved: Evolved = {}
    if "speed" in chosen.parts:
        fine &= speed(chosen.rounds)
    if "library" in chosen.parts:
        fine &= library("gallego2026")
        library("default")
    if "dilemmas" in chosen.parts:
        dilemmas(range(chosen.seeds), range(chosen.corner_seeds))
    url = chosen.database if "://" in chosen.database else f"sqlite:///{Path(chosen.database).absolute()}"
    if "evolve" in chosen.parts:
        evolved = evolve(url, chosen.evaluations, range(chosen.runs))
        fine &= report(evolved)
    elif "strangers" in chosen.parts:
        evolved = evolved_programs(url, range(chosen.runs))
    if "strangers" in chosen.parts:
        strangers(range(chosen.seeds), evolved)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
