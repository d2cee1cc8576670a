"""Repeating a run from its recorded answers: ``--proposer replay:RUN``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_run

if TYPE_CHECKING:
    from nashforge.archive import Archive


def recorded_run(options: dict[str, Any], file: Mapping[str, Any]) -> str | None:
    """Return the run that is to be repeated; None if none is. The proposer is then taken out of the options.

    Parameters
    ----------
    options, file
        What the command line and the configuration file say.
    """
    from nashforge.evolve.config.parts import REPLAY

    named = options.get("proposer") or file.get("proposer")
    names = [named] if isinstance(named, str) else list(named or ())
    recorded = [name for name in names if isinstance(name, str) and name.startswith(REPLAY)]
    if not recorded:
        return None
    if len(names) > 1:
        raise UsageProblem("replay:RUN has the models of that run; name no other proposer beside it")
    if "proposer" not in options:
        raise UsageProblem(f"{recorded[0]} repeats a run; give it on the command line, not in a file")
    del options["proposer"]
    return recorded[0].removeprefix(REPLAY)


def recorded_values(archive: Archive, reference: str) -> dict[str, Any]:
    """Return the configuration of a run that is to be repeated."""
    from nashforge.evolve.config.parts import REPLAY
    from nashforge.evolve.proposers.llm.recordings.cassette import replay_values

    if reference.strip().lower() == "latest":
        reference = find_run(archive, reference).nickname
    # A run that was recorded before there were copies had none, whatever the domain has today.
    return {"copies": 0, **replay_values(archive, REPLAY + reference)}
