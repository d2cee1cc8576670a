"""Whether a run can be continued, and what would continue one that is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.archive import Archive, Run, RunState
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.results.run_status import run_status

_CONTINUES = {
    "max_evaluations": "max_evaluations",
    "exhausted": "max_evaluations",
    "max_minutes": "max_minutes",
    "patience": "patience",
    "max_cost": "budget_usd",
    "max_tokens": "max_tokens",
}
"""By why a run has finished (its first word): the setting that has to be changed for it to go on."""


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
    if run.state is not RunState.FINISHED or reason.startswith("outage"):
        return None
    now = run_status(archive, run)
    made = now.result.evaluations
    if reason.startswith("replayed"):
        return f"{run.nickname} is finished: it repeated a recording to its end; nothing was changed"
    needed = _CONTINUES.get(reason.partition(":")[0])
    if needed is None:
        return None
    given, old = changes.get(needed), now.settings.get(needed) or 0
    if needed == "max_evaluations":
        if given is not None and given > made:
            return None
        told, example = f"it made {made} evaluations of at most {now.limit}", str(2 * max(now.limit, made))
    elif needed == "max_minutes":
        if given is not None:
            return None
        told, example = f"its {old:g} minutes are over", f"{old:g}"
    else:
        # A budget of 0 has no limit.
        if given is not None and (given > old or (needed == "budget_usd" and given == 0)):
            return None
        what = {"patience": "nothing better came for", "budget_usd": "it spent its dollars:"}
        unit = " evaluations" if needed == "patience" else ""
        told = f"{what.get(needed, 'it used its tokens:')} {old:g}{unit}"
        example = f"{2 * old:g}"
    if reason.startswith("exhausted"):
        told += ", and only repetitions of known programs were proposed"
    option = needed.replace("_", "-")
    return (
        f"{run.nickname} is finished: {told}; nothing was changed. Continue it with a larger limit, such as "
        f"`nashforge resume {run.nickname} --{option} {example}`"
    )
