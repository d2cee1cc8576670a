"""Strategic risk of what programs that solve games play, alone and with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.measurement.solve import solve
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.profile import ProfilePlay
from nashforge.solvers.metrics.registry import Parameters
from nashforge.solvers.metrics.report import StrategicReport, strategic_report
from nashforge.solvers.metrics.social import CrossPlay, cross_play
from nashforge.solvers.programs.solution import Solution

RADII = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class SolvedRisks:
    """Strategic risk of programs in a game.

    Attributes
    ----------
    game : str
        Name of the game.
    reports : dict
        Of each program, by its label.
    together : CrossPlay or None
        How several fare with each other.
    notes : list of str
        What is to be said of programs that have no average.
    """

    game: str
    iterations: int
    parameters: Parameters
    reports: dict[str, StrategicReport]
    together: CrossPlay | None
    notes: list[str]


def solved_risks(
    programs: Sequence[NamedProgram],
    game: str,
    iterations: int,
    parameters: Parameters,
    *,
    tier: str = "strict",
) -> SolvedRisks:
    """Let programs solve a game, and measure what they play.

    Parameters
    ----------
    tier
        Weakest sandbox tier to accept.

    Raises
    ------
    nashforge.errors.NashforgeError
        If there is no such game, or a program fails.
    """
    solutions = [solve(game, named, iterations, [iterations], tier=tier) for named in programs]
    plays = [_play(solution) for solution in solutions]
    return SolvedRisks(
        game=plays[0].name,
        iterations=iterations,
        parameters=parameters,
        reports={
            named.label: strategic_report(play, parameters, RADII)
            for named, play in zip(programs, plays, strict=True)
        },
        together=cross_play(plays) if len(plays) > 1 else None,
        notes=[solution.without_average for solution in solutions if not solution.averaged],
    )


def _play(solution: Solution) -> Any:
    """Return what was played, to be measured with what is asked for, and not with a task's own parameters."""
    if isinstance(solution.game, SequenceForm) or solution.form is not None:
        assert solution.form is not None
        return ProfilePlay(solution.form, solution.policy)
    play = solution.game.play(solution.policy)
    return replace(play, name=play.game.name, rationality=None)
