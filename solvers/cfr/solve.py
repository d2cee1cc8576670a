"""Solve a game with a CFR rule in one call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge import games
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.cfr.engine import Checkpoint, run, session_arguments
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.cfr.rules import load_rule
from nashforge.solvers.programs.session import inline_sessions
from nashforge.solvers.programs.stopping import Reason, Stop
from nashforge.solvers.sequence_form.profile import Profile, expected_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def no_average_words(rule: str, game: str, iterations: int) -> str:
    """Return the sentence on a rule that has no average."""
    return (
        f"{rule} has no average in {game} after {iterations} iterations, because it weighs its first "
        "policies with zero: uniform play is what was measured; give it more iterations"
    )


class NoAverageWarning(UserWarning):
    """A rule weighs nothing in its first iterations, and was given no more: the answer is uniform play."""


@dataclass(frozen=True)
class Solution:
    """What `solve` found.

    Attributes
    ----------
    form : SequenceForm
        The game, with the labels of its information sets.
    rule : str
        The rule's name.
    policy : tuple of ndarray
        The average profile: one behaviour policy a player, shape ``(sequences,)``.
    curve : tuple of Checkpoint
        Iteration, exploitability and wall time at the checkpoints.
    stopped : str or None
        What ended it before its last iteration: ``target``, ``time`` or ``interrupted``.
    averaged : bool
        Whether the rule has given any policy a weight yet; if not, ``policy`` is uniform.
    """

    form: SequenceForm
    rule: str
    policy: Profile
    curve: tuple[Checkpoint, ...]
    stopped: Reason | None = None
    averaged: bool = True

    def __repr__(self) -> str:
        return (
            f"<{self.form.name} solved by {self.rule}: exploitability {self.exploitability:.4g} after "
            f"{self.iterations} iterations>"
        )

    @property
    def iterations(self) -> int:
        """Iterations made."""
        return self.curve[-1].iteration

    @property
    def exploitability(self) -> float:
        """NashConv / players of the average profile, in units of utility."""
        return self.curve[-1].exploitability

    @property
    def without_average(self) -> str:
        """What is to be said where nothing was averaged."""
        return no_average_words(self.rule, self.form.name, self.iterations)

    def values(self) -> list[float]:
        """Return each player's expected utility under the average profile."""
        return [float(value) for value in expected_values(self.form, self.policy)]

    def table(self) -> dict[str, dict[int, float]]:
        """Return the policy as ``{information state: {action: probability}}``, all players together."""
        return {
            label: {
                int(treeplex.actions[a]): float(policy[a])
                for a in range(treeplex.start[i], treeplex.start[i + 1])
            }
            for treeplex, policy in zip(self.form.treeplexes, self.policy, strict=True)
            for i, label in enumerate(treeplex.labels)
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the policy as a table: a row for each action of each information set of each player."""
        return [
            {
                "player": player,
                "information_set": label,
                "action": int(treeplex.actions[a]),
                "name": treeplex.action_name(a),
                "probability": float(policy[a]),
            }
            for player, (treeplex, policy) in enumerate(zip(self.form.treeplexes, self.policy, strict=True))
            for i, label in enumerate(treeplex.labels)
            for a in range(treeplex.start[i], treeplex.start[i + 1])
        ]

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw exploitability over iterations, both logarithmic; return the matplotlib axes."""
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(layout="constrained")
        points = [(point.iteration, point.exploitability) for point in self.curve if point.exploitability > 0]
        axes.loglog(*zip(*points, strict=True), label=self.rule)
        axes.set(xlabel="iteration", ylabel="exploitability", title=self.form.name)
        axes.grid(True, which="major", alpha=0.3)
        axes.legend()
        return axes


def solve(
    game: Any,
    rule: str | Path | type[RegretMinimizer] = "dcfr",
    iterations: int = 1000,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    *,
    target: float | None = None,
    seconds: float | None = None,
) -> Solution:
    """Solve a game with a CFR rule, in this process.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or compiled ``SequenceForm``.
    rule
        Name of a library rule (see `rule_names`), path of a Python file with a rule, or the class.
        The rule is trusted: to run code of unknown origin, use the sandbox.
    iterations
        Iterations; every player is updated once in each.
    checkpoints
        Iterations after which to measure exploitability; default 1, 2, 5, 10, ..., ``iterations``.
    on_checkpoint
        Called with every checkpoint.
    target
        Stop when exploitability is at most so much; it is measured more often then.
    seconds
        Stop after so many seconds of iterations.

    Returns
    -------
    Solution
        The average policy and the curve.

    Warns
    -----
    NoAverageWarning
        If the rule has not given any policy a weight after the last iteration.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    NotInLibraryError
        If there is no such rule.
    PolicyError
        If the rule returns something that is not a policy.
    """
    form = game if isinstance(game, SequenceForm) else games.compile(game)
    name = load_rule(rule)[0]
    sessions = inline_sessions(lambda: load_rule(rule)[1], session_arguments(form, iterations))
    stop = Stop(target, seconds)
    trajectory = run(form, sessions, iterations, checkpoints, on_checkpoint, stop)
    found = Solution(form, name, trajectory.average, trajectory.checkpoints, stop.reason, trajectory.averaged)
    if not found.averaged:
        warnings.warn(found.without_average, NoAverageWarning, stacklevel=2)
    return found
