"""Searches from Python: started in the background.

>>> import nashforge as nf
>>> run = nf.search("cfr", evaluations=80, seed=0)  # doctest: +SKIP
>>> run.wait().best.source  # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nashforge.archive import Archive
from nashforge.evolve.config.cautions import SharedSuiteWarning, shared_suites
from nashforge.evolve.config.run import load_config
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.proposers.base import Proposer
from nashforge.evolve.runs.run import Parts, begin_run
from nashforge.running import Run
from nashforge.solvers.programs.arguments import limit
from nashforge.wording import in_python

_KINDS: dict[str, type] = {"domain": Domain, "proposer": Proposer, "executor": Executor}


@in_python()
def search(
    domain: str | Domain = "cfr",
    *,
    evaluations: int | None = None,
    seed: int = 0,
    name: str | None = None,
    database: str | Path | None = None,
    proposer: str | Sequence[str] | Proposer | None = None,
    executor: str | Executor | None = None,
    wait: float | bool = False,
    **settings: Any,
) -> Run:
    """Start a search in the background, and return it.

    It is the same as ``nashforge run``, and is stored in the same archive. When Python ends, it is stopped;
    ``open_archive().run().resume()`` continues it.

    Parameters
    ----------
    domain
        What is searched: ``cfr``, ``psro``, ``rqe``, ``gathering``, ``cleanup``, an installed domain by name,
        or a domain as an object.
    evaluations
        Stop after so many programs. Default: 80.
    seed
        Of every random draw.
    name
        Name of the run. Default: two words.
    database
        Where it is stored, see `nashforge.reading.open_archive`; made if it is not there.
    proposer
        Who writes programs: ``offline``, ``agent``, a model such as ``anthropic:NAME`` or several of them, or
        an object.
    executor
        Where they are evaluated: ``local``, ``celery``, or an object.
    wait
        Wait for the end: True, or so many seconds at most.
    settings
        All other settings of a run by name, as in docs/configuration.md: ``workers=2``, ``horizon=500``,
        ``train="my-suite.toml"``, ``budget_usd=5``, ...

    Raises
    ------
    nashforge.errors.NashforgeError
        If it cannot be carried out; no run is created then.
    """
    seconds = None if isinstance(wait, bool) else limit("the seconds to wait", wait)
    named: dict[str, Any] = {**settings, "seed": seed}
    if evaluations is not None:
        named["max_evaluations"] = evaluations
    objects: dict[str, Any] = {}
    for option, given in (("domain", domain), ("proposer", proposer), ("executor", executor)):
        (named if _is_name(option, given) else objects)[option] = given
    config = load_config(_plain(named), domain=objects.get("domain"))
    caution = shared_suites(config.settings())
    if caution is not None:
        warnings.warn(caution, SharedSuiteWarning, stacklevel=3)
    with ExitStack() as opened:
        archive = Archive.open(database)
        opened.callback(archive.close)
        stored, work = begin_run(archive, config, Parts(**objects), name)
        opened.pop_all()  # the run reads it from now on
    run = Run(archive, stored)
    run.begin(work)
    if wait is not False:
        run.wait(seconds)
    return run


def _is_name(option: str, given: Any) -> bool:
    """Return whether a part of a run is given by its name, or by several, or not at all.

    Raises
    ------
    ConfigError
        If it is neither that nor an object of its kind.
    """
    if given is None or isinstance(given, str):
        return True
    if option == "proposer" and isinstance(given, list | tuple):
        return True
    if not isinstance(given, _KINDS[option]):
        kind = _KINDS[option].__name__
        raise ConfigError(f"{option} is a name or an object of a class like {kind}; got {given!r:.80}")
    return False


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with paths as text, as files of settings have them."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in settings.items()}
