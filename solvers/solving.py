"""Solve a game in one call, with a program of any kind, in this process."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from nashforge.games.meanfield.naming import is_mean_field
from nashforge.games.naming import choice
from nashforge.solvers.programs.arguments import ArgumentError, count
from nashforge.solvers.programs.kind import Arguments, ProgramKind, Serve
from nashforge.solvers.programs.library import NotInLibraryError, check_program, load_file, read_source
from nashforge.solvers.programs.session import inline_sessions
from nashforge.solvers.programs.solution import NoAverageWarning, ScaleWarning, Solution
from nashforge.solvers.programs.stopping import Stop

_EARLIER = re.compile(r"^\s*(?:from|import)\s+(solvers)\b", re.MULTILINE)
"""In programs that were exported when the packages had no common name."""


def kinds() -> Iterator[ProgramKind]:
    """Yield the kinds of programs that solve games; engines are loaded one by one, as they are needed."""
    from nashforge.solvers.cfr.engine import CFR

    yield CFR
    from nashforge.solvers.psro.engine import PSRO

    yield PSRO
    from nashforge.solvers.learners.engine import RQE

    yield RQE
    from nashforge.solvers.meanfield.engine import MFG

    yield MFG


def in_process(kind: ProgramKind, program: str | Path | type) -> Serve:
    """Serve a trusted program in this process, by an instance of its own for each session."""

    def serve(arguments: Sequence[Arguments]) -> nullcontext[Any]:
        return nullcontext(inline_sessions(lambda: kind.library.load(program)[1], arguments))

    return serve


def kind_of(program: str | Path | type) -> ProgramKind:
    """Return the kind of a program: whose library has its name, or whose interface its class implements.

    Raises
    ------
    NotInLibraryError
        If no library has a program of that name.
    ArgumentError
        If it is neither a name, a path nor a class, or there is no program in it.
    """
    check_program(program)
    if isinstance(program, type):
        classes = [program]
    else:
        known: list[str] = []
        for kind in kinds():
            if program in kind.library.names():
                return kind
            known += kind.library.names()
        if Path(program).suffix != ".py" or not Path(program).is_file():
            raise NotInLibraryError(
                f"there is no program {str(program)!r} in the libraries; {choice(str(program), known)} (your "
                "own is the path of a file)"
            )
        source = read_source(Path(program))
        if _EARLIER.search(source):
            raise ArgumentError(
                f"{program} is of an earlier interface: it imports {_EARLIER.findall(source)[0]}, which is "
                "nashforge.solvers now; change that, or let `nashforge solve` translate it"
            )
        classes = [value for value in load_file(Path(program)).values() if isinstance(value, type)]
    interfaces = {base.__module__ for found in classes for base in found.__mro__}
    for kind in kinds():
        if kind.interface in interfaces:
            return kind
    raise ArgumentError(
        f"{program} defines no rule, meta-solver or learner; derive its class from that of an "
        "interface, such as nashforge.solvers.cfr.interface.RegretMinimizer"
    )


def solve(
    game: Any,
    rule: str | Path | type | None = None,
    iterations: int | None = None,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[Any], None] | None = None,
    *,
    kind: str | ProgramKind | None = None,
    target: float | None = None,
    seconds: float | None = None,
    iterate: str = "average",
) -> Solution:
    """Solve a game with a program, in this process.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or compiled ``SequenceForm``; for a learner also
        a payoff matrix, or a matrix or Markov game as `nashforge.solvers.learners.task` reads it, such as
        ``SC4``; for a mean-field learner a mean-field game, such as ``mfg_crowd_modelling``.
    rule
        A program: the name of a CFR rule, a PSRO meta-solver or a learner of the library, the
        path of a Python file with one, or the class. It is trusted: to run code of unknown origin, use the
        sandbox. Default: the usual one of its kind, ``dcfr`` for CFR, ``tuned_omd`` for mean-field games.
    iterations
        Iterations. Default: 1000 of CFR, 100 of all others.
    checkpoints
        Iterations after which to measure the gap; default 1, 2, 5, 10, ..., ``iterations``.
    on_checkpoint
        Called with every checkpoint.
    kind
        ``cfr``, ``psro``, ``rqe`` or ``mfg``. Default: what the program is, or what solves such games.
    target
        Stop when the gap is at most so much; it is measured more often then.
    seconds
        Stop after so many seconds of iterations.
    iterate
        What is the answer of a CFR rule, and measured: the ``average`` of the policies in play, or the
        ``last`` of them, to which first-order rules such as ``annealed_mmd`` converge.

    Returns
    -------
    Solution
        The policies and the curve.

    Warns
    -----
    NoAverageWarning
        If a rule has not given any policy a weight after the last iteration.
    ScaleWarning
        If a rule has constants in units of payoff, and the game has payoffs far from usual ones.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    NotInLibraryError
        If there is no such program.
    nashforge.solvers.programs.arguments.ArgumentError
        If another argument is none that it can work with.
    nashforge.errors.NashforgeError
        If the program returns something that is not a policy or mixture.

    Examples
    --------
    >>> from nashforge.solvers import solve
    >>> solve("kuhn_poker", "nash", iterations=10).exploitability < 1e-8
    True
    """
    found = (usual_kind(game) if kind is None and rule is None else chosen_kind(kind, rule)).answering(
        iterate
    )
    if iterations is not None:
        iterations = count("iterations", iterations)  # before a game is compiled for nothing
    program = found.default if rule is None else rule
    name = found.library.load(program)[0]
    solution = found.solve(
        game, name, in_process(found, program), iterations, checkpoints, on_checkpoint, Stop(target, seconds)
    )
    if not solution.averaged:
        warnings.warn(solution.without_average, NoAverageWarning, stacklevel=2)
    if solution.caution is not None:
        warnings.warn(solution.caution, ScaleWarning, stacklevel=2)
    return solution


def usual_kind(game: Any) -> ProgramKind:
    """Return the kind of programs that solve a game where none is named: mean-field learners or CFR rules."""
    if is_mean_field(game):
        from nashforge.solvers.meanfield.engine import MFG

        return MFG
    return next(kinds())


def chosen_kind(kind: str | ProgramKind | None, program: str | Path | type | None) -> ProgramKind:
    """Return the kind that was asked for by name or as it is, else that of the program, else CFR.

    Raises
    ------
    NotInLibraryError
        If there is no such kind or program.
    """
    if isinstance(kind, ProgramKind):
        return kind
    if kind is None:
        return next(kinds()) if program is None else kind_of(program)
    known = {each.name: each for each in kinds()}
    if not isinstance(kind, str) or kind not in known:
        raise NotInLibraryError(f"there is no kind of programs {kind!r}; {choice(str(kind), known)}")
    return known[kind]
