"""Probed policies as text and JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.diagnosis.probe.probing import Probed


def radii(text: str) -> tuple[int, ...]:
    """Return the radii of a list of numbers.

    Raises
    ------
    UsageProblem
        If it cannot be read.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(re.fullmatch(r"[1-9]\d{0,3}", word) for word in words):
        raise UsageProblem(f"--views {text!r} names no radii; write for example 3 or 2,5")
    return tuple(dict.fromkeys(int(word) for word in words))


def probed_as_dict(label: str, probed: Probed) -> dict[str, Any]:
    """Return a probed policy as JSON values."""
    return {
        "policy": label,
        "setting": str(probed.setting),
        "seeds": list(probed.seeds),
        "interventions": [
            {
                "name": one.intervention.name,
                "returns": list(one.returns),
                "lost": one.lost,
                "error": one.error,
                "matters": one.matters,
                "reason": one.reason,
            }
            for one in probed.effects
        ],
        "information": {
            name: {"value": one.value, "null": one.null, "excess": one.excess, "samples": one.samples}
            for name, one in probed.information.items()
        },
    }


def print_probed(screen: Console, label: str, probed: Probed) -> None:
    """Print what interventions cost, and what actions depend on."""
    from nashforge.solvers.policies.information import NAMES

    first, *others = probed.effects
    seeds = output.counted(len(probed.seeds), "seed")
    who = "the line of a founder" if probed.setting.fluid else "an agent"
    screen.print(
        f"[bold green]{output.plain(label)}[/] in {output.plain(str(probed.setting))}, {seeds}: "
        f"{who} earns [bold]{output.number(sum(first.returns) / len(first.returns))}[/]"
    )
    table = output.table("without", "earns", "loses", "so", right=("earns", "loses"))
    for one in others:
        if one.lost is None:
            reason = output.shorten(" ".join((one.reason or "").split()), 60)
            table.add_row(one.intervention.name, "[red]fails[/]", "-", output.plain(reason))
            continue
        noise = "" if one.error is None else f" ±{output.number(one.error)}"
        gains = "it does better so" if one.lost < 0 else one.intervention.says
        earns = output.number(sum(one.returns) / len(one.returns))
        nothing = "it makes no difference" if one.lost == 0 else "within the noise of the seeds"
        told = output.plain(gains) if one.matters else f"[dim]{nothing}[/]"
        table.add_row(one.intervention.name, earns, f"{output.number(one.lost)}{noise}", told)
    print_table(screen, table)
    found = output.table("", "share", "by chance", "of", right=("share", "by chance"))
    for name, each in probed.information.items():
        found.add_row(name, f"{each.excess:.3f}", f"{each.null:.3f}", NAMES[name])
    screen.print(found)
    screen.print("[dim]±: standard error over the seeds; share: above what shuffled actions show[/]")
