"""The executor that a run's configuration names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.executors.local import LocalExecutor, available_cores

if TYPE_CHECKING:
    from nashforge.archive import Archive, Run
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.service.settings import ServiceSettings


def service_of(config: RunConfig, broker: str | None) -> ServiceSettings | None:
    """Return where a run finds its broker, as a URL or the environment says; None if it needs none."""
    if config.evaluation.executor == "local" and config.models.propose_on == "here":
        return None
    from nashforge.evolve.service.settings import service_settings

    return service_settings(broker)


def expected_workers(archive: Archive, config: RunConfig, service: ServiceSettings | None) -> int:
    """Return how many evaluations a run will make at the same time.

    Raises
    ------
    ServiceError
        If the run needs a broker, and none is named or it does not answer.
    """
    if config.evaluation.executor == "local":
        return config.evaluation.workers or available_cores()
    from nashforge.evolve.service.broker import Broker
    from nashforge.evolve.service.executor import live_slots
    from nashforge.evolve.service.settings import service_settings

    settings = service or service_settings()
    broker = Broker(settings, archive.database.uid)
    broker.require()
    broker.close()
    return config.evaluation.workers or live_slots(archive, settings) or available_cores()


def make_executor(
    archive: Archive,
    run: Run,
    config: RunConfig,
    service: ServiceSettings | None,
    note: Callable[[str], None],
) -> Executor:
    """Return the executor of a run.

    Parameters
    ----------
    service
        Where the broker is, if the run needs one; None: as the environment says.
    note
        Called with a text when something is amiss that may right itself.
    """
    if config.evaluation.executor == "local":
        return LocalExecutor(config.evaluation.workers)
    from nashforge.evolve.service.executor import CeleryExecutor
    from nashforge.evolve.service.settings import service_settings

    return CeleryExecutor(
        archive,
        service or service_settings(),
        run=run,
        weight=config.evaluation.share,
        workers=config.evaluation.workers,
        note=note,
    )


def executor_on_request(
    archive: Archive,
    name: str | None,
    workers: int | None,
    broker: str | None,
    note: Callable[[str], None],
) -> Executor:
    """Return where measurements on request run.

    Parameters
    ----------
    name
        ``local``, the default, or ``celery``.

    Raises
    ------
    ConfigError
        If there is no such executor.
    ServiceError
        If a broker is needed, and none is named or it does not answer.
    """
    if name in (None, "local"):
        return LocalExecutor(workers)
    if name != "celery":
        raise ConfigError(f"there is no executor {name!r}; choose local or celery")
    from nashforge.evolve.service.executor import CeleryExecutor
    from nashforge.evolve.service.settings import service_settings

    return CeleryExecutor(archive, service_settings(broker), workers=workers, note=note)
