"""Cautions: what a run may do, and what its numbers then do not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.evolve.domains import UnknownDomainError, domain

WORDS = {"train": "training", "validation": "validation", "test": "test"}


class SharedSuiteWarning(UserWarning):
    """Splits of a run are the same suite, so that one says nothing new about what another chose."""


def shared_suites(settings: Mapping[str, Any]) -> str | None:
    """Return a sentence where splits that were asked for are one suite; None where each has its own.

    Where a domain itself takes one suite for several splits, it varies it in its own ways: with other seeds.

    Parameters
    ----------
    settings
        Of a run, by name.
    """
    try:
        usual = {str(split): suite for split, suite in domain(str(settings.get("domain"))).suites.items()}
    except UnknownDomainError:
        usual = {}
    splits: dict[str, list[str]] = {}
    for split in WORDS:
        if settings.get(split):
            splits.setdefault(str(settings[split]), []).append(split)
    told = [
        f"{', '.join(WORDS[split] for split in some[:-1])} and {WORDS[some[-1]]} are the same suite, {suite}"
        for suite, some in splits.items()
        if len({usual.get(split, split) for split in some}) > 1
    ]
    if not told:
        return None
    return (
        f"{'; '.join(told)}: their fitness says nothing about games that the search did not choose by; give "
        "each another suite"
    )
