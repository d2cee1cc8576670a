"""Games of pursuit and of inspection: one player hides what it does, the other looks for it.

In ``pursuit`` an evader crosses a grid from the first column to the last, and a patroller wants to meet it.
The evader chooses a row to enter by, the patroller one of the middle column to start from; then both move at
the same time, to a neighbouring cell or not at all, without seeing each other. The evader is caught in the
patroller's cell, and where they pass each other. It earns the worth of the row by which it leaves (whole
numbers that are drawn), loses ``penalty`` when it is caught, and 1 when time is over. With ``traces`` the
patroller sees at every step whether the evader has been in its cell. A small relative of the border patrol of
Bošanský, Kiekintveld, Lisý & Pěchouček, JAIR 51 (2014).

In ``inspection_game`` an inspector has fewer inspections than there are periods, and an inspectee may break
the rule in some of them. Inspections are seen, and a violation only when it meets one, which ends the game.
With one violation and all worth 1 it is that of Dresher (1962), whose value is ``-C(n-1, m) / sum of C(n, i)
for i from 0 to m``: Avenhaus, von Stengel & Zamir, Handbook of Game Theory 3 (2002), chapter 51.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.games.errors import GameStringError
from nashforge.games.generators.draws import Draws
from nashforge.games.generators.specification import SEED, Generator, Parameter
from nashforge.games.generators.walks import TERMINAL, History, WalkedGame


class Pursuit:
    """The rules of ``pursuit``: player 0 is the patroller; the evader moves first, and is not seen."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.rows, self.columns, self.steps = int(given["rows"]), int(given["columns"]), int(given["steps"])
        self.penalty, self.traces = float(given["penalty"]), given["traces"]
        self.worth: list[int] = Draws("pursuit", given["seed"]).integers(1, given["most"], self.rows).tolist()
        cells = range(self.rows * self.columns)
        self._near = [[other for other in cells if self._distance(cell, other) <= 1] for cell in cells]

    def _distance(self, cell: int, other: int) -> int:
        rows = abs(cell // self.columns - other // self.columns)
        return rows + abs(cell % self.columns - other % self.columns)

    def _start(self, player: int) -> list[int]:
        column = 0 if player == 1 else self.columns // 2
        return [row * self.columns + column for row in range(self.rows)]

    def _outcome(self, history: History) -> float | None:
        """Return what the patroller earns, or None while the game goes on."""
        if len(history) < 2 or len(history) % 2:
            return None
        evader, patroller = history[::2], history[1::2]
        passed = len(evader) > 1 and evader[-1] == patroller[-2] and evader[-2] == patroller[-1]
        if evader[-1] == patroller[-1] or passed:
            return self.penalty
        if evader[-1] % self.columns == self.columns - 1:
            return -float(self.worth[evader[-1] // self.columns])
        return 1.0 if len(evader) > self.steps else None

    def mover(self, history: History) -> int:
        """Return who moves."""
        return TERMINAL if self._outcome(history) is not None else 1 - len(history) % 2

    def moves(self, history: History) -> list[int]:
        """Return the cells to go to."""
        return self._start(self.mover(history)) if len(history) < 2 else self._near[history[-2]]

    def known(self, history: History) -> str:
        """Return the own cells so far; of the patroller with the traces that it saw there."""
        if len(history) % 2 == 0:
            return f"evader {' '.join(map(str, history[::2]))}"
        evader, own = history[:-1:2], history[1::2]
        seen = (
            [cell in evader[: step + 1] for step, cell in enumerate(own)]
            if self.traces
            else [False] * len(own)
        )
        marked = (f"{cell}{'!' * trace}" for cell, trace in zip(own, seen, strict=True))
        return f"patroller {' '.join(marked)}"

    def paid(self, history: History) -> float:
        """Return what the patroller earns."""
        outcome = self._outcome(history)
        assert outcome is not None
        return outcome

    def action_name(self, player: int, action: int) -> str:
        """Return a cell as row and column."""
        return f"{action // self.columns + 1}/{action % self.columns + 1}"


pursuit = Generator(
    name="pursuit",
    title="An evader crosses a grid, and a patroller wants to meet it; they do not see each other.",
    version=1,
    parameters={
        "rows": Parameter(3, "of the grid", 1, 10),
        "columns": Parameter(3, "of the grid", 3, 10),
        "steps": Parameter(3, "time that the evader has", 2, 10),
        "penalty": Parameter(2, "what the evader loses when it is caught", 1, 100),
        "most": Parameter(3, "worth of leaving by a row, at most; at least 1", 1, 100),
        "traces": Parameter(True, "whether the patroller sees where the evader has been"),
        "seed": SEED,
    },
    make=lambda given: WalkedGame(Pursuit(given)),
    source="Bošanský et al., Journal of Artificial Intelligence Research 51 (2014)",
)


class Inspection:
    """The rules of ``inspection_game``: player 0 is the inspector, who moves first and is not seen yet."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.periods, self.inspections = given["periods"], given["inspections"]
        self.violations, self.fine = given["violations"], float(given["fine"])
        draws = Draws("inspection_game", given["seed"])
        self.worth: list[int] = draws.integers(1, given["most"], self.periods).tolist()
        for key in ("inspections", "violations"):
            if given[key] >= self.periods:
                raise GameStringError(
                    f"{key}={given[key]} of inspection_game must be less than periods={self.periods}; "
                    "lower it"
                )

    def mover(self, history: History) -> int:
        """Return who moves."""
        caught = len(history) % 2 == 0 and history[-2:] == (1, 1)
        return TERMINAL if caught or len(history) == 2 * self.periods else len(history) % 2

    def moves(self, history: History) -> list[int]:
        """Return 0, and 1 (to inspect, to violate) as long as some are left."""
        most = self.violations if len(history) % 2 else self.inspections
        return [0, 1] if sum(history[len(history) % 2 :: 2]) < most else [0]

    def known(self, history: History) -> str:
        """Return the inspections so far; of the inspectee with its violations."""
        whose = len(history) % 2
        past = history[: len(history) - whose]
        inspected = "".join(map(str, past[::2]))
        return f"inspectee {inspected} {''.join(map(str, past[1::2]))}" if whose else f"inspector {inspected}"

    def paid(self, history: History) -> float:
        """Return what the inspector earns: the fine, less the worth of violations that were not found."""
        periods = list(zip(history[::2], history[1::2], strict=True))
        lost = sum(self.worth[k] for k, (inspects, violates) in enumerate(periods) if violates > inspects)
        return self.fine * ((1, 1) in periods) - lost

    def action_name(self, player: int, action: int) -> str:
        """Return what an action is."""
        return (
            ("wait" if action == 0 else "inspect")
            if player == 0
            else ("comply" if action == 0 else "violate")
        )


inspection_game = Generator(
    name="inspection_game",
    title="An inspector with few inspections, and an inspectee who may break the rule in some periods.",
    version=1,
    parameters={
        "periods": Parameter(6, "number of periods", 2, 20),
        "inspections": Parameter(2, "that the inspector has", 1, 19),
        "violations": Parameter(1, "that the inspectee can afford", 1, 19),
        "fine": Parameter(1, "what the inspector earns when it finds a violation", 0, 100),
        "most": Parameter(1, "worth of a violation, at most; at least 1", 1, 100),
        "seed": SEED,
    },
    make=lambda given: WalkedGame(Inspection(given)),
    source="Dresher, RAND Memorandum RM-2972 (1962); von Stengel, Math. Oper. Res. 41 (2016)",
)
