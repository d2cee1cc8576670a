"""Measurements on request: which programs in which games, judged how, as a person's options say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from nashforge.archive import Archive
from nashforge.errors import NashforgeError
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.checks import check_fitness, check_reference, strategic_of
from nashforge.evolve.domains.lengths import length_in_words
from nashforge.evolve.evaluation.messages import Fitness, Stage
from nashforge.evolve.evaluation.objectives import parse_objective
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.measurement.evaluator import Evaluator, Interrupted, suite_fitness
from nashforge.evolve.measurement.program_results import ProgramResult
from nashforge.evolve.measurement.programs import NamedProgram, find_programs
from nashforge.evolve.measurement.suites import find_suite
from nashforge.games.dilemmas.settings import Setting
from nashforge.games.naming import choice
from nashforge.solvers.metrics.registry import Metric

NO_REFERENCE = "none"


class RequestError(NashforgeError, ValueError):
    """Options that do not go together, or name what does not exist."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Request:
    """Options of a measurement; None: the domain's own.

    Attributes
    ----------
    programs : sequence of str
        Their names, see `nashforge.evolve.measurement.programs.find_program`.
    suite, games
        What is played; not both.
    setting, seeds
        Episodes of a social dilemma, in place of a suite or games.
    reference : str or None
        Library program that fitness is relative to, or ``none``.
    objective : str or None
        A sum of metrics in place of the domain's fitness.
    metric : str or None
        Metric to compare by in place of the domain's, without fitness.
    metrics : str or None
        Names of further metrics, with commas between them.
    risk : str or None
        How strategic measures are taken, such as ``kl tau=1 epsilon=0.1 radius=0.1``.
    seconds : float or None
        Processor time of a program in one game.
    """

    programs: Sequence[str]
    domain: str | None = None
    suite: str | None = None
    games: Sequence[str] | None = None
    setting: Setting | None = None
    seeds: Sequence[int] = ()
    iterations: int | None = None
    reference: str | None = None
    objective: str | None = None
    metric: str | None = None
    metrics: str | None = None
    risk: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Measurements:
    """Programs on games, and the meaning of the numbers.

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

    def by(self, metric: Metric) -> Measurements:
        """Return the same measurements by another metric, which no fitness is made of."""
        if metric.name == self.metric.name:
            return self
        rows = []
        for row in self.rows:
            value = next((score.value for score in row.scores if score.metric == metric.name), None)
            end = () if value is None else ((row.iterations, value),)
            curve = row.curves.get(metric.name) or end
            times = row.times if len(row.times) == len(curve) else row.times[-1:]
            rows.append(replace(row, metric=metric.name, value=value, curve=curve, times=times))
        return replace(self, rows=rows, metric=metric)

    def of(self, label: str) -> list[ProgramResult]:
        """Return the rows of a program."""
        return [row for row in self.rows if row.label == label]

    def total(self, label: str) -> float | None:
        """Return the fitness of a program over all games; None if any is missing, or there is none."""
        return None if self.missing else suite_fitness(self.fitness, self.of(label))

    @property
    def failures(self) -> list[ProgramResult]:
        """The rows without a value."""
        return [row for row in self.rows if row.value is None]

    @property
    def judged(self) -> bool:
        """Whether any row has a fitness."""
        return any(row.fitness is not None for row in self.rows)


@dataclass(frozen=True)
class Plan:
    """A request whose names were looked up, ready to be measured.

    Attributes
    ----------
    stage : Stage
        The games, how long they are played, and the fitness.
    suite, reference, shown, metric
        As in `Measurements`.
    """

    domain: Domain
    programs: list[NamedProgram]
    stage: Stage
    suite: str | None
    reference: str | None
    shown: tuple[Metric, ...]
    metric: Metric

    def measure(
        self,
        archive: Archive,
        executor: Executor,
        *,
        tier: str,
        reuse: bool = False,
        on_measured: Callable[[ProgramResult, int, int], None] | None = None,
        on_begin: Callable[[int, Sequence[str]], None] | None = None,
    ) -> Measurements:
        """Measure what was asked for; after Ctrl-C, return what was finished until then.

        Parameters
        ----------
        tier, reuse, on_measured, on_begin
            See `Evaluator`.

        Raises
        ------
        Interrupted
            If nothing was finished.
        """
        needed = [] if self.metric.name == self.domain.metric else [self.metric.name]
        evaluator = Evaluator(archive, self.domain, self.stage, executor, tier=tier, needed=needed)
        missing = 0
        try:
            rows = evaluator.measure(
                self.programs,
                reference=self.reference,
                reuse=reuse,
                on_measured=on_measured,
                on_begin=on_begin,
            )
        except Interrupted as stop:
            rows, missing = stop.rows, stop.missing
            if not rows:
                raise
        length = length_in_words(
            {"domain": self.domain.name, "train": self.suite, "horizon": rows[0].iterations}
        )
        metric = self.domain.metrics[self.domain.metric]
        found = Measurements(
            rows, metric, self.stage.fitness, self.suite, self.reference, length, self.shown, missing
        )
        return found.by(self.metric)


def plan(request: Request, archive: Archive) -> Plan:
    """Look up what a request names, and make sure that its games can be played.

    Raises
    ------
    RequestError
        If options do not go together, or name what does not exist.
    nashforge.errors.NashforgeError
        If a program, a suite, a game, an objective or parameters of risk are none.
    """
    names = [request.domain] if request.domain else _domains_of(request)
    work, programs = find_alike(request.programs, archive, names[0] if names else None)
    reference = request.reference
    if request.metric not in (None, work.metric):
        if reference not in (None, NO_REFERENCE) or request.objective is not None:
            raise RequestError(
                f"--metric {request.metric} compares by values and not by fitness; leave --reference and "
                "--objective out"
            )
        reference = NO_REFERENCE
    fitness, reference = fitness_for(work, reference, request.objective)
    wanted = ",".join(name for name in (request.metrics, request.metric) if name)
    fitness, shown = strategic_for(work, fitness, wanted, request.risk)
    metric = work.metrics[request.metric or work.metric]
    shown = tuple(one for one in shown if one is not metric)
    suite = None
    if request.setting is not None:
        assert work.episodes is not None
        stage = work.episodes.seeded_stage(request.setting, request.seeds, fitness)
    elif request.games:
        if request.suite is not None:
            raise RequestError("--suite and --game exclude each other; give one of them")
        games = list(dict.fromkeys(request.games))
        stage = work.games_stage(games, request.iterations or work.horizon, fitness)
    else:
        suite = request.suite or work.suites["train"]
        stage = work.stage("test", suite, request.iterations or work.horizon, fitness)
    work.prepare(stage)
    if request.seconds is not None:
        stage = stage.model_copy(update={"seconds": request.seconds})
    return Plan(work, programs, stage, suite, reference, shown, metric)


def domain_of_game(game: str) -> str | None:
    """Return the domain of episodes that bears the name of a game, as those of social dilemmas do."""
    name = game.partition("(")[0].strip()
    return name if name in domain_names() and domain(name).episodes else None


def _domains_of(request: Request) -> list[str]:
    """Return the domains that the games or the suite say themselves."""
    if request.setting is not None:
        return [request.setting.game]
    try:
        said = [domain_of_game(game) for game in request.games or ()]
        said += [find_suite(request.suite).domain] if request.suite else []
    except NashforgeError:
        return []  # told with what the programs' domain knows of suites
    return [name for name in said if name is not None]


def find_alike(
    references: Iterable[str], archive: Archive, domain_name: str | None
) -> tuple[Domain, list[NamedProgram]]:
    """Return programs by name, each once, and the domain that they all belong to.

    Raises
    ------
    RequestError
        If they are of several domains.
    """
    found = find_programs(list(references), lambda: archive, domain_name=domain_name)
    domains = {named.domain for named in found}
    if len(domains) > 1:
        raise RequestError(
            f"the programs are of several domains ({', '.join(sorted(domains))}) and cannot be measured "
            "together; name those of one domain"
        )
    unique: dict[str, NamedProgram] = {}
    for named in found:
        unique.setdefault(named.label, named)
    return domain(domains.pop()), list(unique.values())


def fitness_for(work: Domain, reference: str | None, objective: str | None) -> tuple[Fitness, str | None]:
    """Return the fitness that is asked for, and the program that is to be measured for it, if any.

    Parameters
    ----------
    reference, objective
        As in `Request`.

    Raises
    ------
    RequestError
        If both are given, or the reference has no meaning in this domain.
    nashforge.evolve.domains.checks.FitnessError
        If the objective is none over the domain's metrics, or the reference is no program of the library.
    """
    fitness, none = work.fitness, reference in (None, NO_REFERENCE)
    if objective is not None:
        if not none:
            raise RequestError("an objective is not relative to a reference; leave one of the two out")
        fitness = Fitness(kind="objective", objective=objective, floor=fitness.floor)
        check_fitness(work, fitness)
        return fitness, None
    if fitness.kind != "log_ratio":
        if not none:
            raise RequestError(
                f"the fitness of the domain {work.name!r} is not relative to a program; leave --reference "
                "out, and name the program beside the others"
            )
        return fitness, None
    name = reference or fitness.reference
    if name == NO_REFERENCE:
        return fitness, None
    check_reference(work, name, NO_REFERENCE)
    return fitness.model_copy(update={"reference": name}), name


def strategic_for(
    work: Domain, fitness: Fitness, metrics: str | None, risk: str | None
) -> tuple[Fitness, tuple[Metric, ...]]:
    """Return the fitness with the strategic measures that are asked for, and the metrics to be shown.

    Parameters
    ----------
    metrics, risk
        As in `Request`.

    Raises
    ------
    RequestError
        If the domain does not measure one of them.
    nashforge.evolve.evaluation.messages.StrategicError
        If the parameters cannot be read, or have no meaning here.
    """
    names = list(dict.fromkeys(name.strip() for name in (metrics or "").split(",") if name.strip()))
    for name in names:
        if name not in work.metrics:
            raise RequestError(
                f"the domain {work.name!r} does not measure {name!r}; {choice(name, work.metrics)}"
            )
    fitness = strategic_of(work, fitness, risk, names)
    if fitness.objective is not None:
        names += [name for name in parse_objective(fitness.objective).metrics if name not in names]
    return fitness, tuple(work.metrics[name] for name in names if name != work.metric)
