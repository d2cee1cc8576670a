"""What ``evaluate`` and ``compare`` share: what to measure, and showing that it is being measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nashforge.cli.errors import UsageProblem
from nashforge.errors import NashforgeError
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Archive
    from nashforge.evolve.domains.base import Domain
    from nashforge.evolve.evaluation.messages import Fitness, Stage
    from nashforge.evolve.evaluation.metrics import Metric
    from nashforge.evolve.measurement.evaluator import ProgramResult
    from nashforge.evolve.measurement.programs import NamedProgram

NO_REFERENCE = "none"


@dataclass(frozen=True)
class Measurements:
    """Programs on games, and what the numbers mean.

    Attributes
    ----------
    rows : list of ProgramResult
        By program, then by game.
    metric : Metric
        What ``rows`` hold the values of.
    fitness : Fitness
        How fitness is computed.
    suite : str or None
        Name of the suite; None for games that were named one by one.
    reference : str or None
        Library program that fitness is relative to, if any.
    length : str
        How long programs were run, in words.
    shown : tuple of Metric
        Further metrics that were asked for.
    missing : int
        Measurements that Ctrl-C prevented.
    """

    rows: list[ProgramResult]
    metric: Metric
    fitness: Fitness
    suite: str | None
    reference: str | None
    length: str
    shown: tuple[Metric, ...] = ()
    missing: int = 0

    @property
    def labels(self) -> list[str]:
        """The programs, in order."""
        return list(dict.fromkeys(row.label for row in self.rows))

    @property
    def games(self) -> list[str]:
        """The games, in order."""
        return list(dict.fromkeys(row.game for row in self.rows))

    def of(self, label: str) -> list[ProgramResult]:
        """Return the rows of a program."""
        return [row for row in self.rows if row.label == label]

    def total(self, label: str) -> float | None:
        """Return the fitness of a program over all games; None if any is missing, or there is none."""
        from nashforge.evolve.measurement.evaluator import suite_fitness

        return None if self.missing else suite_fitness(self.fitness, self.of(label))

    @property
    def failures(self) -> list[ProgramResult]:
        """The rows without a value."""
        return [row for row in self.rows if row.value is None]

    def leave(self) -> None:
        """End the command with its exit code, after saying what is missing.

        Raises
        ------
        typer.Exit
            If measurements failed or are missing.
        """
        import typer

        from nashforge.cli.errors import FAILED, INTERRUPTED

        if self.missing:
            what = "measurement is" if self.missing == 1 else "measurements are"
            text = f"Interrupted: {self.missing} {what} missing. What is finished is kept, here and in files."
            print(text, file=sys.stderr)
            raise typer.Exit(INTERRUPTED)
        if self.failures:
            raise typer.Exit(FAILED)

    @property
    def judged(self) -> bool:
        """Whether any row has a fitness."""
        return any(row.fitness is not None for row in self.rows)

    @property
    def meaning(self) -> str:
        """What fitness is, in a line."""
        from nashforge.cli.rendering import output

        return output.meaning_of_fitness(self.fitness, self.metric)

    @property
    def heading(self) -> str:
        """What was measured, in a line of markup."""
        from nashforge.cli.rendering import output

        what = f", suite [cyan]{output.plain(self.suite)}[/]" if self.suite else ""
        better = "less" if self.metric.direction == "min" else "more"
        name = output.plain(self.metric.label)
        return f"{name} after {self.length}{what}; {better} is better"

    def print_notes(self, screen: Console) -> None:
        """Say where uniform play was measured because a rule had no average yet."""
        from nashforge.cli.rendering import output
        from nashforge.evolve.measurement.averages import averaged
        from nashforge.solvers.cfr.solve import no_average_words

        for label in self.labels:
            rows = [row for row in self.of(label) if averaged(row) is False]
            if rows:
                where = rows[0].game if len(rows) == 1 else f"{len(rows)} games"
                words = no_average_words(label, where, rows[0].iterations)
                screen.print(f"[yellow]{output.plain(words)}[/]")

    def print_failures(self, screen: Console) -> None:
        """Say why programs failed, one line each."""
        from nashforge.cli.rendering import output

        for row in self.failures:
            where = f"{output.plain(row.label)} in {output.plain(row.game)}"
            screen.print(f"[red]{where}:[/]{output.because(row.reason)}")


def measure(
    programs: Sequence[str],
    *,
    suite: str | None,
    games: Sequence[str] | None,
    iterations: int | None,
    reference: str | None,
    objective: str | None,
    domain_name: str | None,
    workers: int | None,
    tier: str | None,
    database: str | None,
    seconds: float | None = None,
    reuse: bool = False,
    metrics: str | None = None,
    risk: str | None = None,
) -> Measurements:
    """Measure programs as a command line asks for, showing that it is being done.

    Raises
    ------
    UsageProblem
        If the options do not go together, or name what does not exist.
    """
    from contextlib import closing

    from nashforge.archive import Archive
    from nashforge.cli.rendering.translated import running
    from nashforge.evolve.domains.lengths import length_in_words
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.evaluator import Evaluator, Interrupted

    accepted = check_tier(tier)
    with Archive.open(database) as archive:
        domain, named = find(programs, archive, domain_name or _domain_of(suite))
        found = running(named, archive)
        fitness, compared = fitness_for(domain, reference, objective)
        fitness, shown = strategic_for(domain, fitness, metrics, risk)
        stage, name = plan(domain, fitness, suite, games, iterations, seconds)
        missing = 0
        try:
            with closing(LocalExecutor(workers)) as executor, progress() as tell:
                evaluator = Evaluator(archive, domain, stage, executor, tier=accepted)
                rows = evaluator.measure(found, reference=compared, reuse=reuse, on_measured=tell)
        except Interrupted as stop:
            rows, missing = stop.rows, stop.missing
            if not rows:
                print("Interrupted before anything was measured; no file was written.", file=sys.stderr)
                raise
    told = {"domain": domain.name, "train": name, "horizon": rows[0].iterations}
    return Measurements(
        rows, domain.metrics[domain.metric], fitness, name, compared, length_in_words(told), shown, missing
    )


def _domain_of(suite: str | None) -> str | None:
    """Return the domain that a suite says itself, as those of social dilemmas do."""
    from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
    from nashforge.evolve.measurement.suites import find_suite

    try:
        if suite is None or find_suite(suite).kind != "dilemma":
            return None
    except NashforgeError:
        return None  # told with what the programs' domain knows of suites
    return load_dilemma_suite(suite).parsed().game


def find(
    references: Sequence[str], archive: Archive, domain_name: str | None
) -> tuple[Domain, list[NamedProgram]]:
    """Return programs by name, and the domain that they all belong to."""
    from nashforge.evolve.domains import domain
    from nashforge.evolve.measurement.programs import find_programs

    found = find_programs(references, lambda: archive, domain_name=domain_name)
    domains = {named.domain for named in found}
    if len(domains) > 1:
        raise UsageProblem(
            f"the programs are of several domains ({', '.join(sorted(domains))}) and cannot be measured "
            "together; name those of one domain"
        )
    unique: dict[str, NamedProgram] = {}
    for named in found:
        unique.setdefault(named.label, named)
    return domain(domains.pop()), list(unique.values())


def fitness_for(domain: Domain, reference: str | None, objective: str | None) -> tuple[Fitness, str | None]:
    """Return the fitness that options ask for, and the program that is to be measured for it, if any.

    Parameters
    ----------
    reference
        Library program that fitness is relative to, or ``none``; None: the domain's own.
    objective
        A sum of metrics; None: the domain's own fitness.

    Raises
    ------
    UsageProblem
        If both are given, or the reference does not exist or has no meaning in this domain.
    FitnessError
        If the objective is none over the domain's metrics.
    """
    from nashforge.evolve.domains.checks import check_fitness
    from nashforge.evolve.evaluation.messages import Fitness

    fitness = domain.fitness
    if objective is not None:
        if reference not in (None, NO_REFERENCE):
            raise UsageProblem("an objective is not relative to a reference; leave one of the two out")
        fitness = Fitness(kind="objective", objective=objective, floor=fitness.floor)
        check_fitness(domain, fitness)
        return fitness, None
    if fitness.kind != "log_ratio":
        if reference not in (None, NO_REFERENCE):
            raise UsageProblem(
                f"the fitness of the domain {domain.name!r} is not relative to a program; leave --reference "
                "out, and name the program beside the others"
            )
        return fitness, None
    name = reference or fitness.reference
    if name == NO_REFERENCE:
        return fitness, None
    if name not in domain.baselines():
        raise UsageProblem(
            f"the reference {name!r} is no rule of the library; "
            + choice(name, [*domain.baselines(), NO_REFERENCE])
        )
    return fitness.model_copy(update={"reference": name}), name


def strategic_for(
    domain: Domain, fitness: Fitness, metrics: str | None, risk: str | None
) -> tuple[Fitness, tuple[Metric, ...]]:
    """Return the fitness with the strategic measures that options ask for, and the metrics to be shown.

    Parameters
    ----------
    metrics
        Names with commas between them; None: only what the fitness needs.
    risk
        Parameters such as ``kl tau=1 epsilon=0.1 radius=0.1``; None: the defaults.

    Raises
    ------
    UsageProblem
        If the domain does not measure one of them.
    StrategicError
        If the parameters cannot be read, or have no meaning here.
    """
    from nashforge.evolve.domains.checks import strategic_of
    from nashforge.evolve.evaluation.objectives import parse_objective

    names = list(dict.fromkeys(name.strip() for name in (metrics or "").split(",") if name.strip()))
    for name in names:
        if name not in domain.metrics:
            raise UsageProblem(
                f"the domain {domain.name!r} does not measure {name!r}; {choice(name, domain.metrics)}"
            )
    fitness = strategic_of(domain, fitness, risk, names)
    if fitness.objective is not None:
        names += [name for name in parse_objective(fitness.objective).metrics if name not in names]
    return fitness, tuple(domain.metrics[name] for name in names if name != domain.metric)


def plan(
    domain: Domain,
    fitness: Fitness,
    suite: str | None,
    games: Sequence[str] | None,
    iterations: int | None,
    seconds: float | None = None,
) -> tuple[Stage, str | None]:
    """Return the stage to be measured, and the name of its suite.

    Raises
    ------
    UsageProblem
        If both a suite and games are given.
    """
    horizon = iterations or domain.horizon
    if games:
        if suite is not None:
            raise UsageProblem("--suite and --game exclude each other; give one of them")
        stage = domain.adhoc(list(dict.fromkeys(games)), horizon, fitness)
        name = None
    else:
        name = suite or domain.suites["train"]
        stage = domain.stage("test", name, horizon, fitness)
    domain.prepare(stage)
    if seconds is not None:
        stage = stage.model_copy(update={"seconds": seconds})
    return stage, name


def check_tier(tier: str | None) -> str:
    """Return the weakest tier to accept, if this machine offers it.

    Raises
    ------
    nashforge.evolve.sandbox.SandboxUnavailable
        If it does not.
    """
    from nashforge.evolve.sandbox import Tier, probe

    if tier is not None and tier not in {item.value for item in Tier}:
        raise UsageProblem(
            f"there is no sandbox tier {tier!r}; {choice(tier, [item.value for item in Tier])}"
        )
    weakest = Tier(tier or Tier.STRICT)
    probe().require(weakest)
    return weakest.value


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[ProgramResult, int, int], None]]:
    """Yield what to call after every measurement: a bar on a terminal, lines elsewhere."""
    from nashforge.cli.rendering import output

    screen = output.console(stderr=True)
    if quiet or not screen.is_terminal or screen.is_dumb_terminal:

        def line(measured: ProgramResult, done: int, total: int) -> None:
            what = output.number(measured.value) if measured.value is not None else str(measured.status)
            print(f"{done}/{total} {measured.label} in {measured.game}: {what}", file=sys.stderr, flush=True)

        yield line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
        console=screen,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)

        def show(measured: ProgramResult, done: int, total: int) -> None:
            what = output.plain(output.shorten(f"{measured.label} in {measured.game}", 40))
            bar.update(task, completed=done, total=total, description=what)

        yield show
