"""The CFR engine with the policies in play as its answer, rather than their average."""

from __future__ import annotations

from nashforge.solvers.cfr.engine import CFRCheckpoint, Engine
from nashforge.solvers.sequence_form.profile import Profile, plans_exploitability


class LastIterate(Engine):
    """One rule at work in one game, whose last iterate counts; see `nashforge.solvers.cfr.engine.Engine`.

    First-order rules such as mirror descent converge in it, and so do some that match regrets; others only
    circle around an equilibrium, to which their averages converge.
    """

    @property
    def averaged(self) -> bool:
        """Whether there is an answer: always."""
        return True

    def policy(self) -> Profile:
        """Return the profile in play: what the rule answered last."""
        return self.current

    def checkpoint(self, seconds: float) -> CFRCheckpoint:
        """Measure the exploitability of the profile in play."""
        gap = plans_exploitability(self._tables, self._plans)
        return CFRCheckpoint(self.iteration, gap, seconds, motion=self._motion)
