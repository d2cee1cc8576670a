"""Does spawning pay, and do searches find how much? `python -m benchmarks.fluid`.

Agents of Gathering that spawn and leave (two founders, at most twenty agents, a child costs 400):

- `yield`: what groups of a fixed number harvest together, and from it the planner's number of agents (one
  more adds less than it costs) and that of free entry (a share is worth less than it costs);
- `search`: searches of 150 evaluations from a policy that never spawns, and what the best does with and
  without its way to come and go, on test seeds;
- `lines`: what one of four founders' lines earns by the number that it grows to, and that of the others.

Searches are kept in an archive, and go on where they were interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.seeded import best_of, run_or_resume
from nashforge.archive import Archive
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.proposers.fragments.genome import Constant, Fragment, Genome, library, take_apart
from nashforge.evolve.sandbox import Sandbox
from nashforge.games.dilemmas import Setting
from nashforge.games.dilemmas.entry import free_entry, planned_entry
from nashforge.solvers.policies.cross_play import mixed
from nashforge.solvers.policies.episode import Episode, in_process
from nashforge.solvers.policies.metrics import summarise

FOUNDERS, OFFSPRING, COST = 2, 9, 400
FLUID = Setting("gathering", agents=FOUNDERS, offspring=OFFSPRING, spawn_cost=COST)
SEEDS = range(5)
SHOWN = ("efficiency", "founder_return", "head_return", "population", "spawned", "equality")
PARTS = ("yield", "search", "lines")

_LINE = """
def entry(observation: Observation, memory: Memory) -> int | None:
    \"\"\"Spawn while fewer than so many of one's own line are there, as the first of them.\"\"\"
    founders = observation.world.founders
    line = observation.cells[observation.agent % founders :: founders]
    there = np.flatnonzero(line >= 0)
    first = int(there[0]) == observation.agent // founders
    return SPAWN if first and len(there) < LINE and (line == -1).any() else None
"""

screen = Console(emoji=False, highlight=False, width=120)


def fragment(name: str) -> Fragment:
    """Return a fragment of the library by its name."""
    return next(one for several in library().values() for one in several if one.name == name)


def partition() -> Genome:
    """Return the policy that shares the orchard among those who are there, and never spawns."""
    return Genome({"harvest": fragment("harvest_share_of_those_there")})


def harvest(agents: int) -> float:
    """Return what a group of a fixed number harvests in an episode, mean over the seeds."""
    setting = Setting("gathering", agents=agents)
    source = partition().source()
    return float(np.mean([in_process(setting, [source] * agents, seed).returns.sum() for seed in SEEDS]))


def report_yield(most: int) -> int:
    """Print what groups harvest by their number; return the planner's."""
    numbers = np.arange(1, most + 1)
    yields = np.array([harvest(int(number)) for number in numbers])
    table = Table("agents", "harvest", "one more adds", "a share", title=f"Gathering, a child costs {COST}")
    for number, total, more in zip(numbers, yields, np.diff(yields, append=np.nan), strict=True):
        added = "-" if np.isnan(more) else f"{more:.0f}"
        table.add_row(str(number), f"{total:.0f}", added, f"{total / number:.0f}")
    screen.print(table)
    planned, free = planned_entry(yields, COST), free_entry(yields, COST)
    beyond = f"{free}" if free < most else f"at least {most}"
    screen.print(f"the planner's number: {planned}; free entry stops at {beyond}\n")
    return planned


def searched(url: str, evaluations: int, seeds: Sequence[int]) -> list[tuple[int, str]]:
    """Search with every seed, or go on; return the best program of each."""
    found = []
    with Archive.open(url) as archive:
        for seed in seeds:
            name = f"fluid-gathering-{seed}"
            suites = dict.fromkeys(("train", "validation", "test"), str(FLUID))
            options = {"domain": "gathering", "seed": seed, "max_evaluations": evaluations, "workers": 1}
            run_or_resume(archive, load_config({**options, **suites}), name)
            best = best_of(archive, name, evaluations)
            if best is not None and best.program is not None:
                found.append((seed, archive.programs.get(best.program).source))
    return found


def played(sandbox: Sandbox, source: str) -> list[Episode]:
    """Return the test episodes of a policy's copies."""
    return [play_confined(sandbox, FLUID, [source] * FOUNDERS, seed).episode for seed in SEEDS]


def report_search(found: Sequence[tuple[int, str]], planned: int) -> None:
    """Print what searches found, the same without spawning, and two rules of entry."""
    rows = [
        ("shares, never spawns", partition().source()),
        (f"shares, grows to {planned} (planned)", growing(fragment("entry_until"), MOST=planned, UNTIL=1.0)),
        ("shares, grows while a share pays (free)", growing(fragment("entry_share"))),
    ]
    for seed, source in found:
        rows.append((f"search {seed}", source))
        rows.append((f"search {seed}, never spawning", take_apart(source).without("entry").source()))
    table = Table("policy", *(name.replace("_", " ") for name in SHOWN), title="Test seeds 0-4, means")
    with Sandbox(HOSTS) as sandbox:
        for name, source in rows:
            episodes = [episode.metrics for episode in played(sandbox, source)]
            means = [summarise(episode[metric] for episode in episodes).mean for metric in SHOWN]
            table.add_row(name, *("-" if mean is None else f"{mean:.2f}" for mean in means))
    screen.print(table)


def growing(own: Fragment, **values: float) -> str:
    """Return the policy that shares the orchard and spawns by a fragment, with constants of one's choice."""
    tuned = {name: Constant(values.get(name, value.value)) for name, value in own.constants.items()}
    return partition().put(own.with_constants(tuned)).source()


def report_lines(founders: int, sizes: range) -> None:
    """Print what a founder's line earns by its size, and by that of the other lines; the best is bold."""
    setting = Setting("gathering", agents=founders, offspring=sizes[-1] - 1, spawn_cost=COST)
    lines = [growing(Fragment("entry", _LINE, {"LINE": Constant(size)})) for size in sizes]
    heads = [f"grows to {size}" for size in sizes]
    table = Table("the others grow to", *heads, title=f"{founders} founders: what a line earns")
    for others, their in zip(sizes, lines, strict=True):
        earned = []
        for own in lines:
            counts = {own: founders} if own == their else {own: 1, their: founders - 1}
            earned.append(mixed(setting, counts, SEEDS, in_process)[own])
        best = int(np.argmax([values.mean() for values in earned]))
        cells = [f"{values.mean():.0f} ±{values.std(ddof=1) / len(values) ** 0.5:.0f}" for values in earned]
        table.add_row(str(others), *(f"[bold]{c}[/]" if k == best else c for k, c in enumerate(cells)))
    screen.print(table)


def main() -> None:
    """Measure, search, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=PARTS, choices=PARTS, metavar="PART")
    parser.add_argument("--database", default="sqlite:///benchmark-fluid.db")
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--most", type=int, default=20, help="the largest group whose harvest is measured")
    options = parser.parse_args()
    planned = report_yield(options.most) if {"yield", "search"} & set(options.parts) else 0
    if "search" in options.parts:
        report_search(searched(options.database, options.evaluations, range(options.runs)), planned)
    if "lines" in options.parts:
        report_lines(4, range(1, 7))


if __name__ == "__main__":
    main()
