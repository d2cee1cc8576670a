"""A benchmark as a person's options ask for it: which programs, against whom, on which families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nashforge.archive import Archive
from nashforge.evolve.benchmarking.campaign import Campaign
from nashforge.evolve.benchmarking.plan import OWN, BenchmarkError, Case, benchmark_of, cases
from nashforge.evolve.benchmarking.summary import Summary
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN, NamedProgram
from nashforge.evolve.measurement.request import find_alike
from nashforge.games.naming import choice

SPLITS = ("train", "validation", "test")
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """Options of a benchmark.

    Attributes
    ----------
    programs : sequence of str
        Their names; empty: all of the library.
    domain : str or None
        Of library programs and files; None: what the programs say.
    suite : str or None
        Games in place of the benchmark's.
    splits : sequence of str
        Of `SPLITS`, or `ALL`; empty: all for programs of the library; for others, not those of the test.
    quick : bool
        Whether a few small games are enough.
    reference : str or None
        Library program that orders of magnitude are relative to; None: the benchmark's.
    """

    programs: Sequence[str] = ()
    domain: str | None = None
    suite: str | None = None
    splits: Sequence[str] = ()
    quick: bool = False
    reference: str | None = None


@dataclass(frozen=True)
class Bench:
    """A benchmark whose names were looked up.

    Attributes
    ----------
    programs : list of NamedProgram
        What was asked for, and the reference.
    others : list of NamedProgram
        The rest of the library: compared with as far as the archive knows them.
    focus : tuple of str
        The programs that were asked for; empty: all alike.
    splits : tuple of str
        What is played; empty for a suite of one's own.
    """

    domain: Domain
    programs: list[NamedProgram]
    others: list[NamedProgram]
    cases: list[Case]
    reference: str
    focus: tuple[str, ...]
    splits: tuple[str, ...]
    quick: bool

    @property
    def floor(self) -> float:
        """The value that lower ones count as, in units of the range of a game's payoffs."""
        return benchmark_of(self.domain).floor

    def campaign(self, archive: Archive) -> Campaign:
        """Return the measuring of the programs."""
        return Campaign(archive, self.domain, self.programs, self.cases)

    def summary(self, archive: Archive, campaign: Campaign) -> tuple[Summary, list[str]]:
        """Return what was found, and the names of library programs that were not measured in all of it."""
        labels = [named.label for named in self.programs]
        mine = Summary.of(labels, self.reference, self.cases, campaign.results)
        library = Campaign(archive, self.domain, self.others, mine.cases)
        library.recall()
        unknown = {label for label, _ in library.missing}
        known = [named.label for named in self.others if named.label not in unknown]
        if not mine.cases:
            known = []
        results = {**campaign.results, **library.results}
        return Summary.of([*labels, *known], self.reference, self.cases, results), sorted(unknown)


def plan_bench(request: BenchRequest, archive: Archive) -> Bench:
    """Look up what a request names; games that were not compiled before are.

    Raises
    ------
    BenchmarkError
        If the domain has no benchmark, or there is no such split.
    nashforge.errors.NashforgeError
        If a program, a suite or a game is none.
    """
    if request.programs:
        work, programs = find_alike(request.programs, archive, request.domain)
    else:
        work, programs = domain(request.domain or DEFAULT_DOMAIN), []
    benchmark = benchmark_of(work)
    reference = request.reference or benchmark.reference
    if reference not in work.baselines():
        raise BenchmarkError(
            f"the reference {reference!r} is no program of the library; {choice(reference, work.baselines())}"
        )
    library = [NamedProgram(name, work.source(name), work.name, "library") for name in work.baselines()]
    asked = programs or library
    labels = {named.label for named in asked}
    measured = [*asked, *(named for named in library if named.label == reference and reference not in labels)]
    done = {named.label for named in measured}
    splits = () if request.suite else _splits(request.splits, asked)
    return Bench(
        domain=work,
        programs=measured,
        others=[named for named in library if named.label not in done],
        cases=cases(
            work,
            [(OWN, request.suite)] if request.suite else [(name, benchmark.suites[name]) for name in splits],  # type: ignore[index]
            benchmark.quick if request.quick else benchmark.conditions,
            smallest=request.quick,
        ),
        reference=reference,
        focus=tuple(named.label for named in programs),
        splits=splits,
        quick=request.quick,
    )


def _splits(asked: Sequence[str], programs: Sequence[NamedProgram]) -> tuple[str, ...]:
    for name in asked:
        if name not in (*SPLITS, ALL):
            raise BenchmarkError(f"there is no split {name!r}; {choice(name, [*SPLITS, ALL])}")
    if ALL in asked or (not asked and all(named.origin == "library" for named in programs)):
        return SPLITS
    return tuple(name for name in SPLITS if name in asked) if asked else SPLITS[:2]
