"""The horizon of a run's programs, in the words of its domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.games.errors import GameError


def length_in_words(settings: Mapping[str, Any]) -> str:
    """Return for example ``1000 iterations``, or ``episodes of 200 steps``.

    Parameters
    ----------
    settings
        A run's configuration.
    """
    horizon = int(settings.get("horizon", 0))
    iterations = f"{horizon} iterations"
    try:
        return domain(str(settings.get("domain"))).length(str(settings.get("train")), horizon)
    except (UnknownDomainError, GameError):
        # The run comes from where its domain, or the file of its suite, is; neither is here.
        return iterations
