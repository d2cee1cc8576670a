"""Start and resume runs: the few lines that put a search together."""

from __future__ import annotations

import gc
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nashforge.archive import Archive, Run, RunBusy
from nashforge.evolve.challenge.judge import games_of
from nashforge.evolve.challenge.space import space
from nashforge.evolve.config.cautions import shared_suites
from nashforge.evolve.config.consent import Origin, require_consent
from nashforge.evolve.config.parts import CSRO, SYNTHESIS
from nashforge.evolve.config.run import RunConfig, checked, given, stored_settings
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.checks import check_fitness
from nashforge.evolve.evaluation.disguises import draw
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.executors.dispatcher import default_lookahead
from nashforge.evolve.proposers.base import Proposer
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.registry import AGENT
from nashforge.evolve.results.run_status import is_alive, run_status
from nashforge.evolve.runs.auditing import auditing_of
from nashforge.evolve.runs.continuing import check_continuable
from nashforge.evolve.runs.executors import expected_workers, make_executor
from nashforge.evolve.runs.proposers import check_proposers, make_writers, models_of
from nashforge.evolve.runs.resuming import check_limits, nothing_left
from nashforge.evolve.runs.starts import with_opponents, with_starts
from nashforge.evolve.sandbox import Tier, probe
from nashforge.evolve.sandbox.pipes import require_descriptors
from nashforge.evolve.search.events import Listener, Result, Silent
from nashforge.evolve.search.loop import Search
from nashforge.evolve.search.ownership import Ownership

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain
    from nashforge.evolve.service.settings import ServiceSettings

MODEL_LOOKAHEAD = 4
"""How many more candidates are asked for ahead where models write them, which takes long."""


AGENT_LOOKAHEAD = 2
"""How many candidates are asked for ahead where only agents write: few, so that each builds on the last."""


@dataclass(frozen=True)
class Parts:
    """Parts of a run that are given as objects, in the place of those that its configuration names.

    Attributes
    ----------
    domain, proposer, executor : optional
        What is searched, who writes programs, where they are evaluated; None: as the configuration names
        them.
    listener : Listener
        Told what happens.
    service : ServiceSettings or None
        Where the broker is, if the configuration needs one; None: as the environment says.
    """

    domain: Domain | None = None
    proposer: Proposer | None = None
    executor: Executor | None = None
    listener: Listener = field(default_factory=Silent)
    service: ServiceSettings | None = None

    def confines_here(self, config: RunConfig) -> bool:
        """Whether programs will run on this machine."""
        return self.executor is None and config.evaluation.executor == "local"


def check(config: RunConfig, parts: Parts | None = None) -> None:
    """Make sure that a run of this configuration can start: better no run than one that fails at once.

    Raises
    ------
    nashforge.errors.NashforgeError
        If there is no such proposer or feedback level, a model has no key or price, or the fitness is not one
        of the domain.
    nashforge.games.GameError
        If a suite does not exist or is ill-formed, or one of its games cannot be compiled.
    SandboxUnavailable
        If this machine confines programs less strictly than the configuration asks for.
    """
    parts = parts or Parts()
    work = parts.domain or domain(config.domain)
    if work.name != config.domain:
        raise ConfigError(
            f"the configuration is one of the domain {config.domain!r}, and the domain given is "
            f"{work.name!r}; make it with load_config(..., domain=...)"
        )
    load_feedback(config.models.feedback)  # also for the offline proposer: models may follow later
    if parts.proposer is None:
        check_proposers(config, work)
    if config.challenger.enabled:
        games_of(work)
        space()
    stages = config.stages(work)
    check_fitness(work, config.evaluation.fitness)
    if parts.confines_here(config):
        probe().require(Tier(config.sandbox.tier))
        require_descriptors()
    for stage in stages.values():
        work.prepare(stage)


def prepared(archive: Archive, config: RunConfig, parts: Parts) -> RunConfig:
    """Return the configuration that is stored with a run: checked, with what was left open decided.

    Raises
    ------
    ConfigError, nashforge.games.GameError, SandboxUnavailable, nashforge.evolve.service.settings.ServiceError
        If it cannot be carried out, see `check`.
    """
    # A recorded run without has the disguises of its days.
    if config.evaluation.disguise_seed is None and config.models.replay is None:
        config = config.changed(disguise_seed=draw(config.seed))
    check(config, parts)
    work = parts.domain or domain(config.domain)
    config = with_starts(archive, with_opponents(archive, config, work), work)
    executor = parts.executor
    workers = expected_workers(archive, config, parts.service) if executor is None else executor.workers
    if config.evaluation.lookahead is None:
        # Stored, so that the run stays the same when it is resumed with other workers.
        config = config.changed(lookahead=_lookahead(config, workers))
    return config


def start_run(
    archive: Archive,
    config: RunConfig,
    *,
    name: str | None = None,
    listener: Listener | None = None,
    domain: Domain | None = None,
    proposer: Proposer | None = None,
    executor: Executor | None = None,
    service: ServiceSettings | None = None,
) -> Result:
    """Create a run and work on it until it ends.

    Parameters
    ----------
    archive
        Where it is stored.
    config
        What to do.
    name
        Name of the run; by default two words.
    listener
        Told what happens.
    domain, proposer, executor
        What is searched, who writes programs and where they are evaluated; by default what the configuration
        names. The workers of the executors find a domain by its name.
    service
        Where the broker is, if the configuration needs one; by default as the environment says.

    Raises
    ------
    ConfigError, nashforge.games.GameError, SandboxUnavailable, nashforge.evolve.service.settings.ServiceError
        If the configuration cannot be carried out, see `check`; no run is created then.
    """
    parts = Parts(domain, proposer, executor, listener or Silent(), service)
    return begin_run(archive, config, parts, name)[1]()


def begin_run(
    archive: Archive, config: RunConfig, parts: Parts, name: str | None = None
) -> tuple[Run, Callable[[], Result]]:
    """Create a run, and return it with what works on it until it ends; see `start_run`."""
    config = prepared(archive, config, parts)
    run = archive.runs.create(
        config.domain,
        config.settings(),
        seed=config.seed,
        nickname=name,
        versions=package_versions(),
        host={"machine": platform.machine(), "system": platform.platform(), "node": platform.node()},
    )
    return run, partial(_work, archive, run, config, parts)


def _lookahead(config: RunConfig, workers: int) -> int:
    """Return how far to ask ahead where nobody says it."""
    if config.models.proposers == (AGENT,):
        return AGENT_LOOKAHEAD
    return default_lookahead(workers) + (0 if config.models.offline else MODEL_LOOKAHEAD)


def resume_run(
    archive: Archive,
    run: Run,
    *,
    changes: Mapping[str, Any] | None = None,
    listener: Listener | None = None,
    domain: Domain | None = None,
    proposer: Proposer | None = None,
    executor: Executor | None = None,
    service: ServiceSettings | None = None,
) -> Result:
    """Continue a run from what is stored; what was measured elsewhere is measured again first.

    Parameters
    ----------
    changes
        New values (None: no change) for ``max_evaluations``, ``max_minutes``, ``patience``, ``workers``,
        ``tier``, ``executor``, ``share``, ``budget_usd``, ``prices``, ``price_unknown``, ``prompts``,
        ``feedback``; they are remembered. ``proposer`` says again which models are
        asked, at which addresses. See `nashforge.evolve.config.consent` for what must be said again.
    listener, domain, proposer, executor, service
        See `start_run`.

    Raises
    ------
    ConfigError, nashforge.games.GameError, SandboxUnavailable, nashforge.evolve.service.settings.ServiceError
        If the configuration, with the changes, cannot be carried out, or the run is of an earlier version
        (`nashforge.evolve.runs.continuing.OutdatedRunError`); nothing is changed then. Nor is anything of a
        run that has nothing left to do, whose outcome is returned; see `nashforge.evolve.runs.resuming`.
    nashforge.archive.RunBusy
        If another process works on the run; nothing is changed then, either.
    """
    parts = Parts(domain, proposer, executor, listener or Silent(), service)
    return begin_resume(archive, run, changes, parts)()


def begin_resume(
    archive: Archive, run: Run, changes: Mapping[str, Any] | None, parts: Parts
) -> Callable[[], Result]:
    """Check that a run can be continued, and return what does so until it ends; see `resume_run`."""
    if is_alive(archive, run := archive.runs.get(run)):
        raise RunBusy.of(run.nickname, run.worked_on_by)
    check_continuable(archive, run, parts.domain)
    new = given(changes)
    check_limits(archive, run, new)
    if nothing_left(archive, run, new) is not None:
        return lambda: run_status(archive, run).result
    config = confirmed_config(archive, run, new)
    check(config, parts)
    if parts.executor is None:
        expected_workers(archive, config, parts.service)
    kept = {name: value for name, value in config.settings().items() if name in new}
    return partial(_work, archive, run, config, parts, kept)


def confirmed_config(archive: Archive, run: Run, changes: Mapping[str, Any] | None = None) -> RunConfig:
    """Return what a run does when it is resumed, if the changes say again what only a person may say.

    Raises
    ------
    ConfigError
        If they do not, or if a new value is not allowed, or other models are named than those of the run.
    """
    said = given(changes)
    config = resumed_config(archive, run, said)
    origin: Origin = "stored" if run.imported is None else "imported"
    require_consent(config, said, f"the run {run.nickname}", origin=origin)
    if "proposer" in said:
        stored = resumed_config(archive, run)
        if not (_models(stored) and _models(config)) or _labels(stored) != _labels(config):
            raise ConfigError(
                f"the run {run.nickname} is written by {stored.models.proposer}, and --proposer may only say "
                "again where its models are asked; start a new run for other models"
            )
    return config


def _models(config: RunConfig) -> bool:
    """Whether only models write."""
    return len(config.models.models) == len(config.models.proposers)


def _labels(config: RunConfig) -> list[str]:
    return [model.label for model in models_of(config)]


def resumed_config(archive: Archive, run: Run, changes: Mapping[str, Any] | None = None) -> RunConfig:
    """Return what a run does when it is resumed: its configuration, with what was changed before and now.

    Raises
    ------
    ConfigError
        If a new value is not allowed, or the run is a refinement, which nothing continues.
    """
    if run.config.get("strategy") == CSRO:
        raise ConfigError(
            f"{run.nickname} is a population and no search; continue it with `nashforge resume`"
        )
    if run.config.get("strategy") == SYNTHESIS:
        raise ConfigError(
            f"{run.nickname} is a refinement and no search, so it is not continued; start another one with "
            f"`nashforge synthesize {run.domain}`, or repeat what a model wrote with --proposer "
            f"replay:{run.nickname}"
        )
    return checked(stored_settings(archive, run) | given(changes))


def _work(
    archive: Archive, run: Run, config: RunConfig, parts: Parts, changes: Mapping[str, Any] | None = None
) -> Result:
    """Claim a run and work on it until it ends; whoever is refused it has changed nothing of it."""
    ownership = Ownership(archive, run)
    with archive.database.transaction():
        ownership.claim()
        if changes:
            archive.runs.set_value(run, "changes", {**archive.runs.get_value(run, "changes", {}), **changes})
        again = 0 if run.imported is None else archive.candidates.forget_imported(run)
    try:
        with ExitStack() as stack, ownership.released():
            note, work = parts.listener.note, parts.domain or domain(config.domain)
            caution = shared_suites(config.settings())
            if caution is not None:
                note(caution)
            if again:
                note(f"{run.nickname} was imported: its {again} programs are measured here first")
            executor = parts.executor or make_executor(archive, run, config, parts.service, note)
            if parts.executor is None:
                stack.callback(executor.close)  # after the run was given up, which is what others see
            proposer = parts.proposer or make_writers(archive, run, config, work, note, parts.service)
            audit = auditing_of(archive, config, work, executor, note)
            search = Search(archive, run, config, work, proposer, executor, parts.listener, ownership, audit)
            stack.enter_context(_set_aside())
            return search.execute()
    except KeyboardInterrupt:
        # It may have been interrupted before it had read what is stored.
        stored = run_status(archive, archive.runs.get(run)).result
        return replace(stored, interrupted=True, seconds=ownership.clock.total)


@contextmanager
def _set_aside() -> Iterator[None]:
    """Have the garbage collector not go through what is loaded by now, which stays, again and again.

    Who had it set something aside before goes on deciding that: it is neither done again, which takes long in
    a large process, nor undone.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
