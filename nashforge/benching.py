"""The benchmark from Python: programs on families of games, at several horizons and scales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nashforge.archive import Archive
from nashforge.evolve.benchmarking.request import Bench, BenchRequest, plan_bench
from nashforge.evolve.benchmarking.summary import Standing, Summary
from nashforge.evolve.runs.executors import executor_on_request
from nashforge.frames import Frame, as_frame
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.html import table


@dataclass(frozen=True, repr=False)
class Benchmark:
    """The findings of a benchmark.

    Attributes
    ----------
    summary : Summary
        Standings, comparisons of pairs, performance profiles.
    missing : int
        Measurements that could not be made, as machines failed; the same call makes them.
    """

    planned: Bench
    summary: Summary
    missing: int
    unmeasured: tuple[str, ...]

    @property
    def standings(self) -> Sequence[Standing]:
        """The programs, the best first."""
        return self.summary.standings

    def rows(self, frame: Frame | None = None) -> Any:
        """Return a row for each program in each game, see `nashforge.frames.as_frame`."""
        from nashforge.cli.rendering.benchmark.records import measured_rows

        return as_frame(measured_rows(self.summary), frame)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, see docs/json.md."""
        from nashforge.cli.rendering.benchmark.records import benchmark_as_dict

        return benchmark_as_dict(self.planned, self.summary, self.missing, self.unmeasured)

    def __repr__(self) -> str:
        return (
            f"<benchmark of {len(self.standings)} programs in {len(self.summary.games)} games, relative to "
            f"{self.summary.reference}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (each.label, None if each.ratio is None else float(each.ratio.value), each.failures)
            for each in self.standings
        ]
        head = ("program", f"orders of magnitude below {self.summary.reference}", "failures")
        return table(f"{len(self.summary.games)} games", head, rows)


def bench(
    programs: str | Path | Sequence[str | Path] = (),
    *,
    suite: str | Path | None = None,
    splits: str | Sequence[str] = (),
    quick: bool = False,
    reference: str | None = None,
    domain: str | None = None,
    fresh: bool = False,
    database: str | Path | None = None,
    workers: int | None = None,
    tier: str = "strict",
) -> Benchmark:
    """Benchmark programs, as ``nashforge bench`` does: what the archive holds is not measured again.

    Parameters
    ----------
    programs
        Rules of the library, nicknames, hashes, or files. Default: the whole library.
    suite
        Games to play instead of the benchmark's: the name of a suite, or a file.
    splits
        Of ``train``, ``validation`` and ``test``, or ``all``. Default: all for programs of the library, for
        others those but ``test``.
    quick
        Whether the smallest game of each family is enough.
    reference
        Program of the library that orders of magnitude are relative to. Default: the benchmark's.
    domain
        Of library programs and files. Default: what the programs say.
    fresh
        Whether to measure everything now.
    database
        Where measurements are kept, see `nashforge.reading.open_archive`; made if it is not there.
    workers
        Processes that measure. Default: one for each core.
    tier
        Weakest sandbox tier to accept.

    Raises
    ------
    nashforge.errors.NashforgeError
        If a program, split, suite or game is none, or this machine cannot confine programs so.
    """
    request = BenchRequest(
        programs=_several(programs),
        domain=domain,
        suite=None if suite is None else str(suite),
        splits=_several(splits),
        quick=quick,
        reference=reference,
    )
    with Archive.open(database) as archive:
        planned = plan_bench(request, archive)
        campaign = planned.campaign(archive)
        if not fresh:
            campaign.recall()
        if campaign.missing:
            with closing(executor_on_request(archive, "local", workers, None, print)) as executor:
                campaign.run(executor, tier=tier, note=print)
        told, unmeasured = planned.summary(archive, campaign)
        return Benchmark(planned, told, len(campaign.missing), tuple(unmeasured))


def _several(names: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """Return names of which one may have been given without a list around it."""
    if isinstance(names, str | Path):
        return (str(names),)
    if not isinstance(names, Iterable):
        raise ArgumentError(f"a name, the path of a file, or several are expected; got {names!r:.60}")
    return tuple(map(str, names))
