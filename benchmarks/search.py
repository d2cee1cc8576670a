"""Does what a search finds carry over? `python -m benchmarks.search`.

Several searches of `cfr` as one study, each with a worker of its own and two at a time. What ships is chosen
by validation over all of them, and distilled; then the choice, its core and every rule of the library play
the games of the test families, once. Each target is printed as met or MISSED; exit code 1 if one is missed.

With `--program FILE`, no search is made: the test families are played by that program, such as one that a
model wrote. Beside it play the library's rules, or, with `--against`, DCFR, the four rivals and the programs
named there: rules, files or programs of the archive; `library` stands for all rules.

An interrupted benchmark continues where it was, and one with more evaluations extends the searches of one
with fewer. With `--no-test`, no game of a test family is played.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nashforge.archive import Archive, Study
from nashforge.evolve.benchmarking.campaign import Campaign
from nashforge.evolve.benchmarking.plan import Case, benchmark_of, cases
from nashforge.evolve.benchmarking.statistics import largest_difference
from nashforge.evolve.benchmarking.summary import Summary
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.distill import Distiller, config_for, record
from nashforge.evolve.measurement.programs import NamedProgram, UnknownProgramError, find_program
from nashforge.evolve.results.studies import StudyStatus, study_status
from nashforge.evolve.runs.studies import create_study, work_on_study

DATABASE = f"sqlite:///{Path('benchmark-search.db').resolve()}"
STUDY = "search"
REFERENCE = "dcfr"
ALL = "library"
RIVALS = ("vad_cfr", "aod_cfr", "hs_pcfr_plus", "pdcfr_plus")
SHORT, LONG = 100, 1_000
SAME = 1e-6
WORST = 3.0
MOST_LINES, MOST_LOST = 60, 0.05


def studied(
    archive: Archive, name: str, seeds: int, evaluations: int, parallel: int, settings: Mapping[str, object]
) -> Study:
    """Do searches with one worker each, or go on with them until each has so many evaluations.

    Searches that have more are left as they are.
    """
    study = archive.studies.named(name)
    if study is None:
        options = {"max_evaluations": evaluations, "workers": 1, "final_test": False, **settings}
        study = create_study(archive, load_config(options), range(seeds), name=name)
    runs = study_status(archive, study).runs
    if len(runs) != seeds:
        raise SystemExit(
            f"the study {study.nickname} in this archive has {len(runs)} searches, and --seeds is {seeds}; "
            "give another --database"
        )
    if max(run.limit for run in runs) <= evaluations:
        work_on_study(archive, study, changes={"max_evaluations": evaluations}, parallel=parallel)
    return study


def add_starts(parser: argparse.ArgumentParser) -> None:
    """Add the option that names what searches start from."""
    parser.add_argument(
        "--from",
        dest="starts",
        action="append",
        help="a program that every search starts from, repeatable (the strongest of the library)",
    )


def report_study(screen: Console, found: StudyStatus) -> None:
    """Print what each search found, and which program ships."""
    table = Table(
        title=f"Best programs of {len(found.runs)} searches, {found.evaluations:,} evaluations in all"
    )
    for name in ("seed", "evaluations", "program", "train", "validation"):
        table.add_column(name, justify="left" if name == "program" else "right")
    for finalist in found.finalists:
        best, made = finalist.candidate, finalist.run.result.evaluations
        values = (best.train, best.validation)
        shown = ["-" if value is None else f"{value:.3f}" for value in values]
        table.add_row(str(finalist.seed), str(made), best.nickname, *shown)
    screen.print(table)
    for split in ("train", "validation"):
        middle = found.final(split)
        if middle is not None:
            screen.print(f"median {split}: {middle.value:.3f} [{middle.low:.3f}, {middle.high:.3f}]")
    screen.print(found.why())


def distilled(
    archive: Archive, named: NamedProgram, tolerance: float, tries: int, workers: int
) -> NamedProgram:
    """Return the core of a program, distilled on training and validation games, unless it is stored."""
    label = f"{named.label} distilled"
    for run in archive.runs.newest():
        steps = archive.candidates.of(run) if run.config.get("strategy") == "sequential" else []
        if steps and named.stored is not None and steps[0].program == named.stored.hash:
            core = archive.programs.get(steps[-1].program or "")
            return NamedProgram(label, core.source, core.domain, "archive", core)
    work = domain(named.domain)
    config = config_for(archive, named, {"final_test": False})
    stages = config.stages(work)
    for stage in stages.values():
        work.prepare(stage)
    fitness = config.evaluation.fitness
    reference = fitness.reference if fitness.kind == "log_ratio" else None
    with closing(LocalExecutor(workers)) as executor:
        distiller = Distiller(archive, work, executor, stages, reference)
        found = distiller.distil(named, tolerance=tolerance, max_evaluations=tries)
    _, candidates = record(archive, named, found, config)
    core = archive.programs.get(candidates[-1].program or "")
    return NamedProgram(label, core.source, core.domain, "archive", core)


def played(
    archive: Archive, programs: list[NamedProgram], wanted: list[Case], workers: int, screen: Console
) -> Campaign:
    """Have programs play cases, as far as the archive does not know how they do."""
    campaign = Campaign(archive, domain("cfr"), programs, wanted)
    campaign.recall()
    screen.print(f"{len(campaign.missing):,} measurements to be made", highlight=False)
    with closing(LocalExecutor(workers)) as executor:
        campaign.run(executor, note=screen.print)
    return campaign


def report_test(screen: Console, summary: Summary, chosen: str, scaled: float | None, core: str) -> bool:
    """Print the test families and every target; return whether all are met."""
    mean = {
        n: {one.label: interval.value for one in summary.standings if (interval := one.by_iterations.get(n))}
        for n in (LONG, SHORT)
    }
    failed = {one.label for one in summary.standings if one.failures}
    table = Table(title=f"Test families: mean log ratio to {REFERENCE}; wins, ties, losses of {chosen}")
    for name in ("program", f"at {LONG:,}", f"at {SHORT}", "wins", "ties", "losses"):
        table.add_column(name, justify="left" if name == "program" else "right")
    for label in sorted(summary.labels, key=lambda name: -mean[LONG].get(name, -math.inf)):
        values = ["-" if label not in mean[n] else f"{mean[n][label]:.3f}" for n in (LONG, SHORT)]
        against = summary.pair(chosen, label, LONG) if label != chosen else ("", "", "")
        note = f"{label} (fails somewhere)" if label in failed else label
        table.add_row(note, *values, *map(str, against), style="bold" if label == chosen else None)
    screen.print(table)
    by_game = Table(title=f"{chosen} by game: orders of magnitude below {REFERENCE}")
    for name in ("game", "iterations", "log ratio"):
        by_game.add_column(name, justify="left" if name == "game" else "right")
    ratios = summary.ratios(chosen)
    for case, ratio in ratios.items():
        by_game.add_row(case.game, str(case.iterations), f"{ratio:.3f}")
    screen.print(by_game)

    met: list[bool] = []

    def target(what: str, good: bool) -> None:
        met.append(good)
        screen.print(f"{what}: {'met' if good else 'MISSED'}", highlight=False)

    rules = [name for name in summary.labels if name not in (chosen, core, *failed)]
    strongest = max(rules, key=lambda name: mean[LONG].get(name, -math.inf))
    own = mean[LONG].get(chosen, -math.inf)
    target(
        f"mean at {LONG:,}: {own:.3f}; the strongest other, {strongest}: {mean[LONG][strongest]:.3f}",
        own > mean[LONG][strongest],
    )
    for rival in RIVALS:
        won = summary.pair(chosen, rival, LONG)
        target(
            f"against {rival} at {LONG:,}: {won.wins} wins, {won.ties} ties, {won.losses} losses",
            won.wins > won.losses,
        )
    short = mean[SHORT].get(chosen, -math.inf)
    target(f"mean at {SHORT}: {short:.3f} above {REFERENCE}", short > 0)
    shown = "unknown" if scaled is None else f"{scaled:.1e}"
    target(f"largest relative difference with payoffs scaled: {shown}", scaled is not None and scaled <= SAME)
    everywhere = len(ratios) == len(summary.plain)
    worst = min(ratios.values(), default=-math.inf) if everywhere else -math.inf
    target(f"worst game: {10**-worst:.2f} times {REFERENCE}'s exploitability", worst >= -math.log10(WORST))
    lost = own - mean[LONG].get(core, -math.inf)
    target(f"distilled, it loses {lost:.3f} at {LONG:,}", lost <= MOST_LOST)
    return all(met)


def scale_difference(campaign: Campaign, label: str, plain: list[Case], scaled: list[Case]) -> float | None:
    """Return by how much a factor of the payoffs changes a program's values at most, relative to them."""
    alone = {(case.game, case.iterations): case for case in plain}
    pairs = [(case, alone[case.game, case.iterations]) for case in scaled]

    def floored(case: Case) -> float:
        value = campaign.results[label, case].value
        return math.inf if value is None else max(value, case.floor)

    if any(math.isinf(floored(case)) for pair in pairs for case in pair):
        return None
    other, own = (np.array([floored(pair[k]) for pair in pairs]) for k in (0, 1))
    return largest_difference(other, own)


def program_of(archive: Archive, name: str) -> NamedProgram:
    """Return a rule of the library, of a file or of the archive."""
    work = domain("cfr")
    if name in work.baselines():  # elsewhere, programs of other domains bear the same name
        return NamedProgram(name, work.source(name), work.name, "library")
    try:
        given = find_program(name, lambda: archive)
    except UnknownProgramError as error:
        raise SystemExit(str(error)) from None
    if given.domain != work.name:
        raise SystemExit(f"{name} is a program of {given.domain}; give one of cfr")
    return given


def rivals_of(archive: Archive, named: Iterable[str]) -> list[NamedProgram]:
    """Return the reference, the four rivals and the programs named."""
    rules = domain("cfr").baselines()
    listed = [name for one in named for name in (rules if one == ALL else [one])]
    return [program_of(archive, name) for name in dict.fromkeys([REFERENCE, *RIVALS, *listed])]


def test(
    archive: Archive, screen: Console, options: argparse.Namespace, chosen: NamedProgram, core: NamedProgram
) -> bool:
    """Play the test families and print the targets; return whether all are met."""
    work = domain("cfr")
    suite = benchmark_of(work).suites["test"]

    def of(fits: Callable[[float], bool]) -> list[Case]:
        some = [c for c in benchmark_of(work).conditions if c.iterations in (SHORT, LONG) and fits(c.scale)]
        return cases(work, [("test", suite)], some)

    plain, scaled = of(lambda scale: scale == 1.0), of(lambda scale: scale != 1.0)
    rivals = rivals_of(archive, options.against or [ALL])
    programs = list(dict.fromkeys([chosen, core, *rivals]))
    everyone = played(archive, programs, plain, options.workers, screen)
    alone = played(archive, [chosen], [*plain, *scaled], options.workers, screen)
    labels = [named.label for named in programs]
    summary = Summary.of(labels, REFERENCE, plain, everyone.results)
    if len(summary.plain) < len(plain):
        screen.print(f"{len(plain) - len(summary.plain)} cases have no result; run the benchmark again")
        return False
    difference = scale_difference(alone, chosen.label, plain, scaled)
    good = report_test(screen, summary, chosen.label, difference, core.label)
    lines = sum(1 for line in core.source.splitlines() if line.strip())
    short = lines <= MOST_LINES
    screen.print(f"distilled, it has {lines} lines of {MOST_LINES}: {'met' if short else 'MISSED'}")
    return good and short


def main() -> int:
    """Search, choose, distil, test, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--seeds", type=int, default=5, help="searches (5)")
    parser.add_argument("--evaluations", type=int, default=1000, help="programs in each (1000)")
    add_starts(parser)
    parser.add_argument("--parallel", type=int, default=2, help="searches at a time (2)")
    parser.add_argument("--workers", type=int, default=2, help="workers of distillation and test (2)")
    parser.add_argument("--tolerance", type=float, default=0.02, help="what a removal may cost (0.02)")
    parser.add_argument("--removals", type=int, default=300, help="removals to try at most (300)")
    parser.add_argument("--program", help="a program to test, in the place of searches")
    parser.add_argument(
        "--against",
        nargs="+",
        metavar="PROGRAM",
        help="what to test it against (library: all rules)",
    )
    parser.add_argument("--no-test", action="store_true", help="play no game of a test family")
    options = parser.parse_args()
    screen = Console(emoji=False, width=120)
    with Archive.open(options.database) as archive:
        if options.program:
            given = program_of(archive, options.program)
            return 0 if test(archive, screen, options, given, given) else 1
        starts = options.starts or ["strongest"]
        study = studied(
            archive, STUDY, options.seeds, options.evaluations, options.parallel, {"start": starts}
        )
        found = study_status(archive, study)
        if (most := max(run.limit for run in found.runs)) > options.evaluations:
            raise SystemExit(
                f"the searches in this archive are of {most} evaluations, and --evaluations is "
                f"{options.evaluations}; give at least as many, or another --database"
            )
        report_study(screen, found)
        if found.chosen is None:
            screen.print("some searches have not ended; run the benchmark again to go on")
            return 1
        if options.no_test:
            return 0
        chosen = find_program(found.chosen.candidate.nickname or "", lambda: archive)
        core = distilled(archive, chosen, options.tolerance, options.removals, options.workers)
        return 0 if test(archive, screen, options, chosen, core) else 1


if __name__ == "__main__":
    sys.exit(main())
