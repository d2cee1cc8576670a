"""Measurements of programs in games, in this process, kept in a file so that none is made twice."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import numpy as np

from benchmarks.fitness.programs import Program
from nashforge import games
from nashforge.games import SequenceForm
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.session import inline_sessions, load_module
from nashforge.solvers.programs.trajectory import run

SHORT = 40
"""Iterations that tell whether a rule minds the scale of payoffs."""


class Played(NamedTuple):
    """A game as it is played: how long, with payoffs times how much."""

    game: str
    iterations: int
    scale: float = 1.0


class Measured(NamedTuple):
    """What a program reached in the unit of the game, and the processor time that it took; inf: it failed."""

    value: float
    seconds: float


@cache
def scaled(game: str, scale: float) -> SequenceForm:
    """Return a game with all payoffs multiplied."""
    return games.compile(game).scaled(scale)


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise TimeoutError once what is inside has taken so much processor time; only in the main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    if seconds is None:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def measure(kind: ProgramKind, source: str, played: Played, seconds: float | None = None) -> Measured:
    """Run a trusted program in one game, for so much processor time at most."""
    form = scaled(played.game, played.scale)
    arguments = kind.arguments(form, played.iterations)
    began = time.process_time()
    try:
        with np.errstate(all="ignore"), limited(seconds):
            sessions = inline_sessions(lambda: load_module(source), arguments)
            engine = kind.engine(form, sessions, played.iterations)
            gap = run(engine, played.iterations, ()).gap / played.scale
    except Exception:  # noqa: BLE001 - what random edits made may raise anything
        gap = float("inf")
    return Measured(gap, time.process_time() - began)


class Measurements:
    """Measurements by program and game, in a file; several processes have one each, and read all.

    Parameters
    ----------
    folder, name
        Files ``NAME-*.jsonl`` of the folder are read.
    share
        Number of this process, whose file is written.
    seconds
        Processor time that a program may take in a game; None: any.
    """

    def __init__(
        self, kind: ProgramKind, folder: Path, name: str, share: int = 0, seconds: float | None = None
    ) -> None:
        self._kind, self._seconds, self._path = kind, seconds, folder / f"{name}-{share}.jsonl"
        self._known: dict[tuple[str, Played], Measured] = {}
        for path in sorted(folder.glob(f"{name}-*.jsonl")):
            for line in path.read_text().splitlines():
                row = json.loads(line)
                played = Played(row["game"], row["iterations"], row["scale"])
                self._known[row["program"], played] = Measured(row["value"], row["seconds"])

    def known(self, program: Program, played: Played) -> Measured | None:
        """Return a measurement that the file has."""
        return self._known.get((program.key, played))

    def get(self, program: Program, played: Played) -> Measured:
        """Return a measurement, made now if the file does not have it."""
        found = self.known(program, played)
        return found or self._add(program, played, measure(self._kind, program.source, played, self._seconds))

    def _add(self, program: Program, played: Played, found: Measured) -> Measured:
        self._known[program.key, played] = found
        row = {"program": program.key, **played._asdict(), **found._asdict()}
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        return found

    def collect(self, programs: Sequence[Program], plan: Sequence[Played], first: Played, most: int) -> None:
        """Measure so many programs at most, where they are not; what fails in the first game does not count.

        A program that plays alike at two scales that are powers of two apart, where nothing is rounded, minds
        no scale: what it reaches at another scale is what it reaches at 1.
        """
        made = 0
        for program in programs:
            if made == most:
                return
            if not np.isfinite(self.get(program, first).value):
                continue
            made += 1
            free = any(played.scale != 1 for played in plan) and self.scale_free(program, first)
            for played in plan:
                if played.scale == 1 or not free:
                    self.get(program, played)
                elif self.known(program, played) is None:
                    self._add(program, played, self.get(program, played._replace(scale=1.0)))

    def scale_free(self, program: Program, played: Played) -> bool:
        """Whether a program reaches the same at all scales."""
        short = played._replace(iterations=SHORT)
        values = [self.get(program, short._replace(scale=scale)).value for scale in (2.0**-9, 1.0, 2.0**9)]
        return bool(np.allclose(values, values[1], rtol=1e-9, atol=0))
