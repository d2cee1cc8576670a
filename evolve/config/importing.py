"""Importing archives: what their lines must hold beyond their form, so that everything here can read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nashforge.archive import Archive, TransferReport, import_archive
from nashforge.evolve.config.faults import fault_of
from nashforge.evolve.config.run import SETTINGS, RunConfig
from nashforge.evolve.evaluation.messages import Fitness

_BY_GAME = {"references": -1e100, "floors": 0.0, "scales": 0.0}
"""Settings of a measurement that tell a number by game, and above which it must be: ratios and logarithms are
taken of them. See `nashforge.evolve.search.measured.outcomes`."""


def import_file(archive: Archive, path: str | Path) -> TransferReport:
    """Merge an export into an archive, see `nashforge.archive.transfer.files.import_archive`.

    Raises
    ------
    nashforge.archive.DamagedExport
        If something in it could not be read later.
    """
    return import_archive(archive, path, check=check)


def check(kind: str, values: Mapping[str, Any]) -> None:
    """Make sure that what a line holds as it is can be read by what reads it.

    Parameters
    ----------
    kind
        ``run``, ``study``, ``candidate``, ``evaluation`` or ``model_call``.
    values
        Fields of the line; of a run, ``changes`` are what was changed on resuming.

    Raises
    ------
    ValueError
        If it cannot.
    """
    if kind == "run":
        settings = SETTINGS.named(values["config"]) | SETTINGS.named(values["changes"])
        _check_config(settings, str(values["domain"]))
    elif kind == "study":
        _check_config(SETTINGS.named(values["config"]), str(values["domain"]))
    elif kind == "candidate":
        _check_number("the candidate's cost", values["data"].get("cost", 0.0))
    elif kind == "evaluation":
        measured = values["settings"]
        _validated(Fitness, measured.get("fitness") or {}, "the evaluation's fitness")
        horizon = measured.get("horizon", 1)
        if not isinstance(horizon, int) or isinstance(horizon, bool) or not 1 <= horizon < 2**53:
            raise ValueError(f"the evaluation's horizon {horizon!r:.40} is no number of iterations")
        for name, above in _BY_GAME.items():
            _check_by_game(name, measured.get(name), above)
    elif kind == "model_call":
        index = values["request"].get("index", 0)
        if index is not None and not isinstance(index, int):
            raise ValueError(f"the index {index!r:.40} of the model call is no number")


def _check_config(settings: Mapping[str, Any], domain: str) -> None:
    """Check the settings that are known here: other versions may have others."""
    known = {name: value for name, value in settings.items() if name in SETTINGS}
    if known.setdefault("domain", domain) != domain:
        raise ValueError(f"the run is of the domain {domain!r} and its configuration is not")
    if isinstance(known.get("strategy"), str):
        del known["strategy"]  # syntheses and other versions have others
    _validated(RunConfig, known, "the configuration")


def _validated(model: type[RunConfig] | type[Fitness], value: Any, what: str) -> None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{what} is not valid: {name}: {fault_of(first)}") from error


def _check_by_game(name: str, told: Any, above: float) -> None:
    """Check numbers that the settings of a measurement tell by game."""
    if told is None:
        return
    if not isinstance(told, dict):
        raise ValueError(f"the evaluation's {name} are {told!r:.40}, and no numbers by game")
    for game, value in told.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= 1e100:
            raise ValueError(f"the evaluation's {name} have {value!r:.40} for {game!r:.40}, which is none")


def _check_number(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise ValueError(f"{what} {value!r:.40} is no amount")
