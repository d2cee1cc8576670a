"""Kinds of programs that solve games: CFR rules, meta-solvers of PSRO, learners of equilibria."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from nashforge import games
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.library import Library
from nashforge.solvers.programs.session import Session
from nashforge.solvers.programs.solution import Solution
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.programs.trajectory import Engine, Trajectory, run

Arguments = Mapping[str, Any]
"""What one session needs besides the program: ``host``, ``setup``, ``inputs``, ``outputs``."""

ITERATES = ("average", "last")
"""What may be the answer of a CFR rule: the average of the policies that were played, or the last of them."""

Serve = Callable[[Sequence[Arguments]], AbstractContextManager[Sequence[Session]]]
"""Serves a program for the length of a block, by a session for each of the arguments."""


def read_form(game: Any, max_nodes: int | None = None, information: str = "state") -> SequenceForm:
    """Return the sequence form of an OpenSpiel game string, a ``pyspiel.Game``, or a form as it is.

    Parameters
    ----------
    information
        See `nashforge.games.compile`, which refuses what is none.
    """
    if isinstance(game, SequenceForm):
        return game
    return games.compile(game, max_nodes=max_nodes, information=information)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ProgramKind:
    """Programs of one interface, and the engine that they serve.

    Attributes
    ----------
    name : str
        Also that of the domain that searches for such programs.
    package : str
        Holds the modules ``interface``, which programs import, and ``host``, which runs them.
    library : Library
        The programs that come with Nashforge.
    default : str
        The program of the library that solves where none is named.
    iterations : int
        So many are usual.
    arguments : callable
        Returns what sessions need for a game and a number of iterations: one session a player or role, each
        told of itself alone.
    engine : callable
        Makes the engine of a game, its sessions and a number of iterations.
    read : callable
        Returns the game that a string names, of at most so many nodes.
    last : callable or None
        Makes an engine whose answer is what was played last, where the usual one averages; None: it does not.
    caution : callable
        Returns a warning to who solved a game with a program of this name, served so; None: none.
    """

    name: str
    package: str
    library: Library
    default: str
    iterations: int
    arguments: Callable[[Any, int], list[dict[str, Any]]]
    engine: Callable[[Any, Sequence[Session], int], Engine[Any]]
    read: Callable[[Any, int | None], Any] = read_form
    last: Callable[[Any, Sequence[Session], int], Engine[Any]] | None = None
    caution: Callable[[Any, str, Serve], str | None] = lambda game, name, serve: None

    @property
    def interface(self) -> str:
        """Name of the module that programs import."""
        return f"{self.package}.interface"

    @property
    def host(self) -> str:
        """Name of the module that runs programs."""
        return f"{self.package}.host"

    def answering(self, iterate: str) -> ProgramKind:
        """Return the kind that answers with the ``average`` of what was played, or with the ``last`` of it.

        Raises
        ------
        ArgumentError
            If there is no such iterate, or these programs average nothing.
        """
        if iterate not in ITERATES:
            raise ArgumentError(f"there is no iterate {iterate!r}; {choice(iterate, ITERATES)}")
        if iterate == "average":
            return self
        if self.last is None:
            raise ArgumentError(
                f"the last iterate is an answer of CFR rules; {self.name} averages no policies"
            )
        return replace(self, engine=self.last)

    def run(
        self,
        game: Any,
        sessions: Sequence[Session],
        iterations: int,
        checkpoints: Iterable[int] | None = None,
        on_checkpoint: Callable[[Any], None] | None = None,
        stop: Stop | None = None,
    ) -> Trajectory[Any]:
        """Run a program behind sessions in a game; see `nashforge.solvers.programs.trajectory.run`."""
        engine = self.engine(game, sessions, iterations)
        return run(engine, iterations, checkpoints, on_checkpoint, stop)

    def solve(
        self,
        game: Any,
        program: str,
        serve: Serve,
        iterations: int | None = None,
        checkpoints: Iterable[int] | None = None,
        on_checkpoint: Callable[[Any], None] | None = None,
        stop: Stop | None = None,
        max_nodes: int | None = None,
    ) -> Solution:
        """Solve a game with a program, wherever it is served.

        Parameters
        ----------
        program
            What to call it.
        serve
            Serves it.

        Raises
        ------
        nashforge.games.GameError
            If there is no such game.
        """
        played = self.read(game, max_nodes)
        steps = self.iterations if iterations is None else iterations
        with serve(self.arguments(played, steps)) as sessions:
            found = self.run(played, sessions, steps, checkpoints, on_checkpoint, stop)
        return Solution.of(played, program, found, self.caution(played, program, serve))
