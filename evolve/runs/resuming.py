"""Resuming: checks of a stored run, and options that would continue a finished one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.archive import Archive, Run
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.results.run_status import has_finished, run_status
from nashforge.evolve.search.worked import tried

_CONTINUES = {
    "max_evaluations": ("max_evaluations", "it made {made} evaluations of at most {limit}"),
    "exhausted": (
        "max_evaluations",
        "it made {made} evaluations of at most {limit}, and nothing new was proposed any more",
    ),
    "max_minutes": ("max_minutes", "its {old:g} minutes are over"),
    "patience": ("patience", "nothing better came for {old} evaluations"),
    "max_cost": ("budget_usd", "it spent its dollars: {old:g}"),
    "max_tokens": ("max_tokens", "it used its tokens: {old:,}"),
}
"""By why a run has finished (its first word): the setting that has to be changed for it to go on, and why."""


def check_limits(archive: Archive, run: Run, changes: Mapping[str, Any]) -> None:
    """Make sure that a run is not told to have made fewer evaluations than it has.

    Raises
    ------
    ConfigError
        If it is.
    """
    wanted = changes.get("max_evaluations")
    made = run_status(archive, run).result.evaluations
    if wanted is not None and wanted < made:
        raise ConfigError(
            f"--max-evaluations {wanted} is below the {made} evaluations that {run.nickname} has made, which "
            f"count, too; give more than {made}"
        )


def nothing_left(archive: Archive, run: Run, changes: Mapping[str, Any]) -> str | None:
    """Return why a run has nothing left to do, and what would continue it; None: it goes on.

    Parameters
    ----------
    changes
        New values of its settings; None means not given.
    """
    reason = run.stop_reason or ""
    if not has_finished(run):
        return None
    now = run_status(archive, run)
    made = now.result.evaluations
    if reason == "distilled" or tried(archive, run) is not None:
        core = archive.candidates.of(run)[-1].nickname
        return (
            f"{run.nickname} is a distillation and no search, so it is not continued; nothing was changed. "
            f"Go on from its core with `nashforge distill {core}`"
        )
    if reason.startswith("replayed"):
        return f"{run.nickname} is finished: it repeated a recording to its end; nothing was changed"
    if (word := reason.partition(":")[0]) not in _CONTINUES:
        return None
    needed, told = _CONTINUES[word]
    given, old = changes.get(needed), now.settings.get(needed) or 0
    # Minutes are counted anew; a budget of 0 has no limit.
    passed = {"max_evaluations": made, "max_minutes": 0}.get(needed, old)
    if given is not None and (given > passed or (needed == "budget_usd" and given == 0)):
        return None
    told = told.format(made=made, limit=now.limit, old=old)
    more = {"max_evaluations": 2 * max(now.limit, made), "max_minutes": old}.get(needed, 2 * old)
    example = str(more) if isinstance(more, int) else f"{more:g}"
    return (
        f"{run.nickname} is finished: {told}; nothing was changed. Continue it with a larger limit, such as "
        f"`nashforge resume {run.nickname} --{needed.replace('_', '-')} {example}`"
    )
