"""Options of ``run`` and ``resume`` that are settings of a run's configuration."""

from __future__ import annotations

from typing import Any

import typer


def settings_of(context: typer.Context) -> dict[str, Any]:
    """Return the settings of a run that a command line gives, by name.

    Whatever option of the command is called as a setting of `nashforge.evolve.config.run.RunConfig` is one.
    """
    from nashforge.evolve.config.run import SETTINGS, given

    return given({name: value for name, value in context.params.items() if SETTINGS.knows(name)})
