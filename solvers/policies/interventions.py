"""Interventions on a policy: the same program with something taken from it.

Each is the program's own source with a few lines after it, which stand between it and what it is asked; so it
is confined like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nashforge.games.dilemmas.settings import Setting

AS_IT_IS = "as it is"

_FORGETS = """
def act(observation, memory):
    return _probed(observation, {})
"""
_NO_CHANCE = """
def act(observation, memory):
    return _probed(observation._replace(chance=0.5), memory)
"""
_RENUMBERED = """
_ROWS = ("cells", "facings", "timeouts", "hits", "last_actions")

def act(observation, memory):
    # Whoever was k is the last but k: all numbers change but, of an odd group, the middle one.
    others = {name: getattr(observation, name)[::-1] for name in _ROWS}
    number = observation.world.agents - 1 - observation.agent
    return _probed(observation._replace(agent=number, **others), memory)
"""
_LATE = """
def act(observation, memory):
    now = _probed(observation, memory.setdefault("probed", {}))
    if observation.agent != LATE:
        return now
    before = memory.get("late", 7)
    memory["late"] = now
    return before
"""


@dataclass(frozen=True)
class Intervention:
    """A change of a policy, or of what it sees.

    Attributes
    ----------
    name : str
        What is done, in a few words.
    says : str
        What a loss by it tells.
    lines : str
        Follow the program; they call it as ``_probed``.
    view : int or None
        How far agents see; None: as the setting says.
    """

    name: str
    says: str
    lines: str = ""
    view: int | None = None

    def source(self, program: str) -> str:
        """Return the program under this intervention."""
        if not self.lines:
            return program
        return f"{program.rstrip()}\n\n\n_probed = act\n{self.lines}"

    def setting(self, setting: Setting) -> Setting:
        """Return the setting under this intervention."""
        return setting if self.view is None else replace(setting, view=self.view)


def interventions(setting: Setting, views: Sequence[int] = (3,)) -> tuple[Intervention, ...]:
    """Return the interventions in a setting, the plain program first.

    Parameters
    ----------
    views
        Radii to restrict the view to, in cells; larger ones than the setting's own are left out.
    """
    found = [
        Intervention(AS_IT_IS, ""),
        Intervention("memory wiped", "it needs what it remembers", _FORGETS),
        Intervention("chance fixed", "it needs random numbers", _NO_CHANCE),
    ]
    if setting.agents > 1:
        found.append(Intervention("renumbered", "its numbers of agents mean more than names", _RENUMBERED))
        late = _LATE.replace("LATE", "0")
        found.append(Intervention("one agent late", "its coordination is brittle", late))
    for view in views:
        if setting.view is None or view < setting.view:
            found.append(Intervention(f"view of {view}", "it needs to see far", view=view))
    return tuple(found)
