"""Solved games: policies by information set or state, what they are worth, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nashforge.games.errors import GameError
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.programs.html import table
from nashforge.solvers.programs.policies import Playable, StatePolicies
from nashforge.solvers.programs.trajectory import Trajectory
from nashforge.solvers.sequence_form.profile import expected_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from open_spiel.python.policy import TabularPolicy


def no_average_words(program: str, game: str, iterations: int) -> str:
    """Return the sentence on a rule that has no average."""
    return (
        f"{program} has no average in {game} after {iterations} iterations, because it weighs its first "
        "policies with zero: uniform play is what was measured; give it more iterations"
    )


class NoAverageWarning(UserWarning):
    """A rule weighs nothing in its first iterations, and was given no more: the answer is uniform play."""


class ScaleWarning(UserWarning):
    """A rule whose constants are in units of payoff plays a game of unusual payoffs."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution(Trajectory[Any]):
    """A game with the policies that a program found for it; a `Trajectory` that knows its game.

    Attributes
    ----------
    policy : StatePolicies
        The answer at the end: one array a player, and ``policy("0pb")`` is that of a state by action names.
    game : SequenceForm or Task
        What was played, with the labels of its information sets or states.
    program : str
        Name of the program.
    caution : str or None
        A warning that a rule's constants are in units of payoff, where payoffs are far from usual ones.
    """

    game: SequenceForm | Playable
    program: str
    policy: StatePolicies
    caution: str | None = None

    @classmethod
    def of(
        cls,
        game: SequenceForm | Playable,
        program: str,
        found: Trajectory[Any],
        caution: str | None = None,
    ) -> Solution:
        """Return what a program found in a game as its solution."""
        told = {**vars(found), "policy": StatePolicies(found.policy, game)}
        return cls(game=game, program=program, caution=caution, **told)

    def __repr__(self) -> str:
        return (
            f"<{self.game.name} solved by {self.program}: exploitability {self.exploitability:.4g} after "
            f"{self.iterations} iterations>"
        )

    def _repr_html_(self) -> str:
        values = ", ".join(f"player {i} {value:.4g}" for i, value in enumerate(self.values()))
        below = f"expected utility: {values}" + ("" if self.averaged else f". {self.without_average}")
        rows = ((e.player, e.state, e.name, e.probability) for e in self.policy.entries())
        return table(repr(self)[1:-1], ("player", "state", "action", "probability"), rows, below)

    @property
    def form(self) -> SequenceForm | None:
        """The game's sequence form; None for a Markov or mean-field game."""
        return self.game if isinstance(self.game, SequenceForm) else self.game.form

    @property
    def exploitability(self) -> float:
        """NashConv / players of the policies, in units of utility; learners have payoffs that span 1."""
        if isinstance(self.game, SequenceForm):
            return self.gap
        return float(self.game.play(self.policy).exploitability())

    @property
    def without_average(self) -> str:
        """The warning where nothing was averaged."""
        return no_average_words(self.program, self.game.name, self.iterations)

    def values(self) -> list[float]:
        """Return each player's expected utility under the policies."""
        if isinstance(self.game, SequenceForm):
            return [float(value) for value in expected_values(self.game, self.policy)]
        return [float(value) for value in self.game.play(self.policy).values()]

    def table(self) -> dict[str, dict[int, float]]:
        """Return the policies as ``{information state: {action: probability}}``, all players together.

        States of learning tasks, which both players share, have the player before them.
        """
        found: dict[str, dict[int, float]] = {}
        for player, label, action, _, probability in self.policy.entries():
            state = label if isinstance(self.game, SequenceForm) else f"player {player} {label}".rstrip()
            found.setdefault(state, {})[action] = probability
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Return the policies as a table: a row for each action of each information set of each player."""
        names = ("player", "information_set", "action", "name", "probability")
        return [dict(zip(names, row, strict=True)) for row in self.policy.entries()]

    def to_openspiel(self) -> TabularPolicy:
        """Return the policies as OpenSpiel's ``TabularPolicy``, for its own measures and players.

        Raises
        ------
        nashforge.games.GameError
            If OpenSpiel has no such game tree: of a Markov, mean-field or disguised game, or one from a file.
        """
        from nashforge.solvers.sequence_form.openspiel import to_openspiel

        if self.form is None:
            raise GameError(
                f"{self.game.name} has no game tree, as the games of OpenSpiel's policies have; table() has "
                "its policies"
            )
        return to_openspiel(self.form, self.policy)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the gap over iterations, both logarithmic; return the matplotlib axes."""
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(layout="constrained")
        points = [(point.iteration, point.gap) for point in self.curve if point.gap > 0]
        axes.loglog(*zip(*points, strict=True), label=self.program)
        gap = "exploitability" if isinstance(self.game, SequenceForm) else self.game.gap_name
        axes.set(xlabel="iteration", ylabel=gap, title=self.game.name)
        axes.grid(True, which="major", alpha=0.3)
        axes.legend()
        return axes
