"""The judge of games: how far a program is behind the best of the library there, and whether that counts."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nashforge.errors import NashforgeError
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.domains.games import GameDomain
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Stage, Trial
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.metrics.registry import SEQUENCE_FORM
from nashforge.solvers.programs.kind import read_form
from nashforge.solvers.programs.solution import NoAverageWarning, Solution
from nashforge.solvers.solving import in_process

FLOOR = 1e-7
"""Below it, relative to the range of the payoffs, a game counts as solved."""

LEAST = 0.5
"""Orders of magnitude that a program must be behind for a game to be one that breaks it."""

ALIKE = 2.0
"""Where all programs are within this factor of each other, a game tells none from another."""

NOISE = 0.6
"""Orders of magnitude by which the score may change under permutations of the same game. That of one strong
rule moves by up to 0.3, and the score is a difference of two."""

COPIES = 2
"""Permuted copies on which a score is measured again."""

DUMMIES = 0.1
"""Dummy information sets of such a copy, as a share."""

Play = Callable[[Trial], float | None]
"""Measures the program in a trial; None: it fails there."""


@dataclass(frozen=True)
class Verdict:
    """The verdict of a game on a program.

    Attributes
    ----------
    score : float
        Orders of magnitude that the program is behind the best of the library; the median over the game and
        its permuted copies, where there are any.
    value : float
        The domain's metric of the program.
    rival : str
        The best of the library there.
    rival_value : float
        Its metric.
    game_value : tuple of float
        What each player gets when the best of the library plays itself.
    copies : tuple of float
        The scores on permuted copies.
    objection : str or None
        Why the game does not count: ``solved``, ``not behind``, ``trivial`` or ``unstable``.
    """

    score: float
    value: float
    rival: str
    rival_value: float
    game_value: tuple[float, ...] = ()
    copies: tuple[float, ...] = ()
    objection: str | None = None


class Judge:
    """Compares a program with the library of its domain.

    Parameters
    ----------
    work
        The domain.
    play
        Measures the program; see `confined` and `trusted`.
    iterations
        In every game, for the program and its rivals alike.
    program
        Its name, if it is one of the library: then it is no rival of its own.
    rivals
        What it is compared with; none: the whole library.
    tick
        Called after every measurement; may raise.
    """

    def __init__(
        self,
        work: Domain,
        play: Play,
        iterations: int,
        *,
        program: str | None = None,
        rivals: Sequence[str] = (),
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._work, self._play, self._iterations = games_of(work), play, iterations
        self._rivals = [name for name in rivals or work.baselines() if name != program]
        self._tick = tick

    def trial(self, game: str, copy: int | None = None) -> Trial:
        """Return the trial of a game, or of a permuted copy of it."""
        disguise = None if copy is None else Disguise(seed=copy, dummies=DUMMIES)
        return self._work.trial(game, self._iterations, disguise=disguise).model_copy(
            update={"checkpoints": ()}
        )

    def form(self, game: str) -> SequenceForm:
        """Return the sequence form that programs play."""
        form = self._work.read(self.trial(game))
        assert isinstance(form, SequenceForm)
        return form

    def verdict(self, game: str, copies: Sequence[int]) -> Verdict | None:
        """Return what a game says of the program; None: the program, or the whole library, fails there.

        Parameters
        ----------
        copies
            Numbers of permuted copies to measure the score on again, where it is high enough.
        """
        trial = self.trial(game)
        floor = FLOOR * self.form(game).payoff_range
        value = self._measured(trial)
        if value is None:
            return None
        if value <= floor * 10**LEAST:  # nobody can be so far ahead
            return Verdict(0.0, value, "", value, objection="solved")
        played = {name: solved for name in self._rivals if (solved := self._rival(name, trial)) is not None}
        if not played:
            return None
        gaps = {name: solved.gap for name, solved in played.items()}
        rival = min(gaps, key=lambda name: (gaps[name], name))
        score = behind(value, gaps[rival], floor)
        values = tuple(played[rival].values()) if played[rival].form is not None else ()
        found = Verdict(score, value, rival, gaps[rival], values)
        floored = [max(gap, floor) for gap in (value, *gaps.values())]
        if max(floored) < ALIKE * min(floored):
            return replace(found, objection="trivial")
        if score < LEAST:
            return replace(found, objection="not behind")
        again = [self._again(game, number, rival, floor) for number in copies]
        scores = tuple(other for other in again if other is not None)
        if any(other is None or abs(other - score) > NOISE for other in again):
            return replace(found, copies=scores, objection="unstable")
        middle = float(np.median([score, *scores]))
        return replace(
            found, score=middle, copies=scores, objection=None if middle >= LEAST else "not behind"
        )

    def _again(self, game: str, number: int, rival: str, floor: float) -> float | None:
        trial = self.trial(game, number)
        value, other = self._measured(trial), self._rival(rival, trial)
        return None if value is None or other is None else behind(value, other.gap, floor)

    def _measured(self, trial: Trial) -> float | None:
        value = self._play(trial)
        self._tick()
        return value

    def _rival(self, name: str, trial: Trial) -> Solution | None:
        solved = _solved(self._work, name, trial)
        self._tick()
        return solved


def behind(value: float, best: float, floor: float) -> float:
    """Return how many orders of magnitude a value is above the best one, both floored."""
    return math.log10(max(value, floor) / max(best, floor))


def games_of(work: Domain) -> GameDomain:
    """Return a domain whose programs play sequence forms.

    Raises
    ------
    NotOfferedError
        If it is another.
    """
    if not isinstance(work, GameDomain) or SEQUENCE_FORM not in work.plays or work.kind.read is not read_form:
        raise NotOfferedError(
            f"programs of the domain {work.name!r} play no games that can be made here; cfr and psro have a "
            "challenger"
        )
    return work


def trusted(work: Domain, program: str) -> Play:
    """Return what measures a program of the library, in this process."""
    domain = games_of(work)

    def play(trial: Trial) -> float | None:
        solved = _solved(domain, program, trial)
        return None if solved is None else solved.gap

    return play


def confined(work: Domain, source: str, dispatcher: Dispatcher) -> Play:
    """Return what measures any other program: in the sandbox, wherever an executor has it."""
    domain = games_of(work)

    def play(trial: Trial) -> float | None:
        # No reference: what is compared is the metric.
        fitness = Fitness(kind="negative")
        stage = Stage(
            split="test", suite="challenge", trials=(trial,), fitness=fitness, seconds=domain.seconds["train"]
        )
        [report] = dispatcher.gather([dispatcher.send(source, (stage,))])
        scores = [score for score in report.stages[0].scores if score.metric == domain.metric]
        return scores[-1].value if scores else None

    return play


def _solved(work: GameDomain, program: str, trial: Trial) -> Solution | None:
    """Return what a program of the library makes of a trial; None if it fails there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoAverageWarning)
        try:
            with np.errstate(all="ignore"):
                return work.kind.solve(
                    work.read(trial), program, in_process(work.kind, program), trial.iterations, ()
                )
        except (NashforgeError, ArithmeticError):
            return None
