"""What ``nashforge equilibrium`` answers: strategies of every player, certificates, and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from nashforge.games.sequence_form import SequenceForm, Treeplex
    from nashforge.solvers.equilibria import Equilibrium
    from nashforge.solvers.equilibria.extensive.guarantees import SequenceEquilibrium
    from nashforge.solvers.equilibria.inputs import MatrixGame

Array = npt.NDArray[np.float64]

MOST_ROWS = 40
"""Information sets of a player, and further equilibria, that are shown to people."""
LONGEST = 60
"""Fractions of more characters are not shown to people."""


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    game: str
    concept: str
    tau: str | None
    epsilon: str | None
    divergence: str
    regularizer: str | None
    risk: str
    rationality: float


@dataclass(frozen=True)
class Player:
    """One player's strategy: a list of (information set, actions, probabilities).

    Players are numbered from 0, as in OpenSpiel. In extensive games, actions are OpenSpiel's numbers, and
    ``names`` holds their names by information set.
    """

    number: int
    choices: list[tuple[str, list[str], list[float]]]
    names: list[list[str]] | None = None
    feared: list[float] | None = None
    value: float | None = None
    value_title: str = "utility"
    gap: float | None = None

    @property
    def hidden(self) -> int:
        """Information sets that do not fit on a screen."""
        return max(len(self.choices) - MOST_ROWS, 0)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows of the table."""
        for place, (label, actions, probabilities) in enumerate(self.choices[:MOST_ROWS]):
            for k, (action, probability) in enumerate(zip(actions, probabilities, strict=True)):
                head = [label if k == 0 else ""] if label else []
                name = self.named(place)[k]
                shown = action if name == action else f"{action} {name}"
                yield (*head, shown, f"{probability:.6f}", *self._fear(k))

    def named(self, place: int) -> list[str]:
        """Return the names of the actions of an information set."""
        return self.choices[place][1] if self.names is None else self.names[place]

    def _fear(self, k: int) -> list[str]:
        if self.feared is None:
            return []
        return [f"{self.feared[k]:.6f}"]


@dataclass(frozen=True)
class Answer:
    """An equilibrium for people and programs."""

    game: str
    concept: str
    title: str
    players: list[Player]
    extensive: bool
    parameters: dict[str, Any]
    report: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object of docs/json.md."""
        return {
            "game": self.game,
            "concept": self.concept,
            "parameters": self.parameters,
            "players": [
                {
                    "player": player.number,
                    "value": player.value,
                    "gap": player.gap,
                    "feared": player.feared,
                    "strategy": [
                        {
                            "information_set": label or None,
                            "actions": actions,
                            "names": player.named(place),
                            "probabilities": probabilities,
                        }
                        for place, (label, actions, probabilities) in enumerate(player.choices)
                    ],
                }
                for player in self.players
            ],
            **self.report,
        }

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a row for each action of each information set."""
        return [
            {
                "player": player.number,
                "information_set": label,
                "action": action,
                "name": player.named(place)[k],
                "probability": probability,
                "feared": None if player.feared is None else player.feared[k],
            }
            for player in self.players
            for place, (label, actions, probabilities) in enumerate(player.choices)
            for k, (action, probability) in enumerate(zip(actions, probabilities, strict=True))
        ]


def answer(request: Request) -> Answer:
    """Solve a game for a concept."""
    from nashforge.cli.errors import UsageProblem
    from nashforge.games.sequence_form import SequenceForm
    from nashforge.solvers.equilibria.inputs import any_game

    game = any_game(request.game)
    if isinstance(game, SequenceForm):
        if request.concept in ("nash", "security"):
            return _extensive(game, request)
        raise UsageProblem(
            f"{request.concept} is found for one-shot games of two players; for {request.game} choose "
            "--concept nash or security"
        )
    if request.concept == "rqe":
        return _risk_averse(game, request)
    if request.concept == "qre":
        from nashforge.solvers.equilibria import qre

        found = qre(game, rationality=request.rationality)
        parameters = {"rationality": request.rationality}
        return _certified(game, found, "qre", f"logit QRE, lambda {request.rationality:g}", parameters)
    return _nash(game) if request.concept == "nash" else _security(game)


def _players(game: MatrixGame, strategies: Any, **more: Any) -> list[Player]:
    return [
        Player(
            number=i,
            choices=[("", list(game.actions[i]), [float(x) for x in strategies[i]])],
            names=None if game.names is None else [list(game.names[i])],
            **{name: values[i] for name, values in more.items()},
        )
        for i in range(2)
    ]


def _risk_averse(game: MatrixGame, request: Request) -> Answer:
    from nashforge.cli.commands.equilibrium import parse_pair
    from nashforge.games.matrix import human_games
    from nashforge.solvers.equilibria import rqe
    from nashforge.solvers.risk.utility import PER_ACTION

    regularizer = request.regularizer or ("barrier" if request.divergence == "kl" else "entropy")
    ranges = [float(np.ptp(payoffs)) or 1.0 for payoffs in game.payoffs]
    tau, epsilon = (1.0, 1.0), (0.1 * ranges[0], 0.1 * ranges[1])
    for known in human_games():
        if known.name == game.name and (request.divergence, regularizer) in (
            ("kl", "barrier"),
            ("reverse_kl", "entropy"),
        ):
            fitted = known.kl if request.divergence == "kl" else known.reverse_kl
            tau, epsilon = fitted.tau, fitted.epsilon
    if request.tau is not None:
        tau = parse_pair("--tau", request.tau)
    if request.epsilon is not None:
        epsilon = parse_pair("--epsilon", request.epsilon)
    found = rqe(
        game,
        tau=tau,
        epsilon=epsilon,
        divergence=request.divergence,
        regularizer=regularizer,
        risk=request.risk,
    )
    parameters = {
        "tau": list(tau),
        "epsilon": list(epsilon),
        "divergence": request.divergence,
        "regularizer": regularizer,
        "risk": request.risk,
    }
    each = ", risk per action" if request.risk == PER_ACTION else ""
    title = (
        f"RQE, {request.divergence} + {regularizer}, tau {tau[0]:g}, {tau[1]:g}, "
        f"epsilon {epsilon[0]:g}, {epsilon[1]:g}{each}"
    )
    return _certified(game, found, "rqe", title, parameters, feared=True)


def _certified(
    game: MatrixGame,
    found: Equilibrium,
    concept: str,
    title: str,
    parameters: dict[str, Any],
    feared: bool = False,
) -> Answer:
    values = [float(found[0] @ payoffs @ found[1]) for payoffs in game.payoffs]
    more: dict[str, Any] = {"gap": found.gaps, "value": values}
    if feared:
        # What a player is feared to do: for risk per action the mean over the other's actions.
        expected = [
            adversary if adversary.ndim == 1 else found[i] @ adversary
            for i, adversary in enumerate(found.adversaries)
        ]
        more["feared"] = [[float(p) for p in adversary] for adversary in reversed(expected)]
    report = {
        "gap": found.gap,
        "converged": found.converged,
        "principal": found.principal,
        "regime": found.regime,
        "unique": found.unique,
        "message": found.message,
        "others": [[x.tolist(), y.tolist()] for x, y in found.others],
        "other_gaps": list(found.other_gaps),
    }
    notes = [f"gap {found.gap:.2g}: {found.message}"]
    notes += [
        f"also {_brief(x)} and {_brief(y)}, gap {gap:.2g}"
        for (x, y), gap in zip(found.others, found.other_gaps, strict=True)
    ]
    return Answer(game.name, concept, title, _players(game, found, **more), False, parameters, report, notes)


def _nash(game: MatrixGame) -> Answer:
    from nashforge.solvers.equilibria import nash

    found = nash(game)
    values = [float(found[0] @ payoffs @ found[1]) for payoffs in game.payoffs]
    report = {
        "gap": found.gaps[0],
        "converged": True,
        "complete": found.complete,
        "degenerate": found.degenerate,
        "method": found.method,
        "others": [[strategy.tolist() for strategy in profile] for profile in found.equilibria[1:]],
        "other_gaps": list(found.gaps[1:]),
        "exact": [
            None if exact is None else [[str(p) for p in strategy] for strategy in exact]
            for exact in found.exact
        ],
    }
    count = len(found)
    kind = "complete: there is no other" if found.complete else "there may be others"
    if found.complete and found.degenerate:
        kind = "complete: the game is degenerate, and every other is a mixture of some of these"
    notes = [f"{count} {'equilibrium' if count == 1 else 'equilibria'} by {found.method}, {kind}"]
    notes.append(f"gap {found.gaps[0]:.2g}: {_fractions(found.exact[0])}")
    shown = list(zip(found.equilibria, found.gaps, found.exact, strict=True))[1 : MOST_ROWS + 1]
    notes += [
        f"also {_brief(profile[0])} and {_brief(profile[1])}, gap {gap:.2g}: {_fractions(exact)}"
        for profile, gap, exact in shown
    ]
    if count > MOST_ROWS + 1:
        notes.append(f"... and {count - MOST_ROWS - 1} more; --json shows all")
    players = _players(game, found.equilibria[0], value=values, gap=found.regrets[0])
    return Answer(game.name, "nash", "Nash equilibrium", players, False, {}, report, notes)


def _fractions(exact: Any) -> str:
    """Return exact strategies, or what is known instead, in a few words."""
    if exact is None:
        return "not exact"
    text = " and ".join(f"({', '.join(map(str, strategy))})" for strategy in exact)
    return f"exactly {text}" if len(text) <= LONGEST else "exact in fractions"


def _security(game: MatrixGame) -> Answer:
    from nashforge.solvers.equilibria import security

    solved = [security(game, player=i) for i in range(2)]
    players = _players(
        game, [x for x, _ in solved], value=[v for _, v in solved], value_title=["guarantees"] * 2
    )
    return Answer(game.name, "security", "security strategies", players, False, {}, {"converged": True})


def _extensive(form: SequenceForm, request: Request) -> Answer:
    from nashforge.solvers.equilibria.extensive.guarantees import sequence_guarantees, sequence_nash

    solve = sequence_nash if request.concept == "nash" else sequence_guarantees
    found: SequenceEquilibrium = solve(form)
    players = [
        Player(i, _choices(treeplex, policy), _names(treeplex), value=value, value_title="guarantees")
        for i, (treeplex, policy, value) in enumerate(
            zip(form.treeplexes, found.profile, found.values, strict=True)
        )
    ]
    title = "Nash equilibrium" if request.concept == "nash" else "security strategies"
    return Answer(
        form.name,
        request.concept,
        title,
        players,
        True,
        {},
        {"converged": True, "exploitability": found.exploitability},
        [f"exploitability {found.exploitability:.2g}"],
    )


def _choices(treeplex: Treeplex, policy: Array) -> list[tuple[str, list[str], list[float]]]:
    return [
        (
            " ".join(label.split()),
            [str(action) for action in treeplex.actions[first:end]],
            [float(p) for p in policy[first:end]],
        )
        for label, first, end in zip(treeplex.labels, treeplex.start, treeplex.start[1:], strict=False)
    ]


def _names(treeplex: Treeplex) -> list[list[str]]:
    return [
        [treeplex.action_name(k) for k in range(first, end)]
        for first, end in zip(treeplex.start, treeplex.start[1:], strict=False)
    ]


def _brief(strategy: Array) -> str:
    return "(" + ", ".join(f"{p:.4f}" for p in strategy) + ")"


def draw(found: Answer, path: Path) -> None:
    """Draw the strategies of a one-shot game, with what the other fears where risk is feared."""
    from nashforge.cli.errors import UsageProblem
    from nashforge.cli.rendering.plot import COLOURS, figure

    if found.extensive:
        raise UsageProblem("figures are of one-shot games; write a table (.csv, .json) of an extensive one")
    with figure(1, 2, (3.4, 2.8), path) as (made, grid):
        for i, (axes, player) in enumerate(zip(grid.flat, found.players, strict=True)):
            _, actions, probabilities = player.choices[0]
            places = np.arange(len(actions))
            axes.bar(places, probabilities, color=COLOURS[i], width=0.7, label="plays")
            feared = player.feared
            if feared is not None:
                marks = {"linestyle": "", "marker": "_", "markersize": 18, "color": "black"}
                axes.plot(places, feared, label="is feared to play", **marks)
                axes.legend(frameon=False)
            if len(actions) <= 12:
                axes.set_xticks(places, actions)
            axes.set_ylim(0, 1.25 if feared is not None else 1.02)
            axes.grid(visible=False, axis="x")
            axes.set_title(f"player {player.number}")
            axes.set_xlabel("action")
        grid[0][0].set_ylabel("probability")
        made.suptitle(f"{found.game}: {found.title}", fontsize=9)
