"""What ``evaluate`` and ``compare`` share: what to measure, and showing that it is being measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.errors import UsageProblem

if TYPE_CHECKING:
    from archive import Archive
    from evolve.domains.base import Domain
    from evolve.evaluate import Measured
    from evolve.programs import NamedProgram
    from evolve.tasks import Stage

NO_REFERENCE = "none"


def find(
    references: Sequence[str], archive: Archive, domain_name: str | None
) -> tuple[Domain, list[NamedProgram]]:
    """Return programs by name, and the domain that they all belong to."""
    from evolve.domains import domain
    from evolve.programs import find_program

    found = [find_program(name, lambda: archive, domain_name=domain_name or "cfr") for name in references]
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


def plan(
    domain: Domain,
    suite: str | None,
    games: Sequence[str] | None,
    iterations: int | None,
    reference: str | None,
    seconds: float | None = None,
) -> tuple[Stage, str | None, str | None]:
    """Return the stage to be measured, the name of its suite and the reference of fitness.

    Parameters
    ----------
    reference
        Library program that fitness is relative to, or ``none``; None: the domain's own.

    Raises
    ------
    UsageProblem
        If both a suite and games are given, a game twice, or a reference that does not exist.
    """
    if reference is None:
        reference = domain.fitness.reference if domain.fitness.kind == "log_ratio" else NO_REFERENCE
    if reference != NO_REFERENCE and reference not in domain.baselines():
        raise UsageProblem(
            f"the reference {reference!r} is no rule of the library; choose one of "
            f"{', '.join(domain.baselines())}, or 'none'"
        )
    horizon = iterations or domain.horizon
    fitness = domain.fitness
    if reference != NO_REFERENCE:
        fitness = fitness.model_copy(update={"reference": reference})
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
    return stage, name, None if reference == NO_REFERENCE else reference


def check_tier(tier: str | None) -> str:
    """Return the weakest tier to accept, if this machine offers it.

    Raises
    ------
    evolve.sandbox.SandboxUnavailable
        If it does not.
    """
    from evolve.sandbox import Tier, probe

    if tier is not None and tier not in {item.value for item in Tier}:
        names = ", ".join(repr(item.value) for item in Tier)
        raise UsageProblem(f"there is no sandbox tier {tier!r}; choose one of {names}")
    weakest = Tier(tier or Tier.STRICT)
    probe().require(weakest)
    return weakest.value


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[Measured, int, int], None]]:
    """Yield what to call after every measurement: a bar on a terminal, lines elsewhere."""
    from cli import output

    screen = output.console(stderr=True)
    if quiet or not screen.is_terminal or screen.is_dumb_terminal:

        def line(measured: Measured, done: int, total: int) -> None:
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

        def show(measured: Measured, done: int, total: int) -> None:
            what = output.plain(output.shorten(f"{measured.label} in {measured.game}", 40))
            bar.update(task, completed=done, total=total, description=what)

        yield show
