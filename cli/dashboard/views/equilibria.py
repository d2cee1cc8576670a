"""The page of equilibria of small matrix games: strategies, what is certain, best responses in a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nashforge.cli.dashboard.charts.responses import Picture, simplex, square
from nashforge.cli.dashboard.rendering import zero_or_number
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.cli.rendering.solutions import equilibria as words
from nashforge.errors import NashforgeError
from nashforge.games.matrix.human import human_games
from nashforge.games.matrix.reading import Bimatrix, bimatrix

if TYPE_CHECKING:
    from nashforge.solvers.equilibria.solutions import ConceptSolution

CONCEPTS = ("nash", "qre", "rqe", "security")
EXAMPLES = {
    "matching pennies": "1 -1 / -1 1",
    "rock, paper, scissors": "0 -1 1 / 1 0 -1 / -1 1 0",
    "stag hunt": "4 0 / 3 3 ; 4 3 / 0 3",
    "prisoner's dilemma": "3 0 / 5 1 ; 3 5 / 0 1",
}
LONGEST, MOST_ACTIONS = 600, 8

_PAYOFFS = re.compile(r"[-+\d.eE\s,/;]+")


class MatrixError(NashforgeError, ValueError):
    """A game that is not one of payoffs."""

    exit_code = 2


@dataclass(frozen=True)
class Solved:
    """A game with an equilibrium and its pictures."""

    game: Bimatrix
    found: ConceptSolution
    title: str
    pictures: tuple[Picture, ...]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Its certificate in words."""
        known = self.found.certificate.items()
        return [(name, _told(value)) for name, value in known if value not in ([], (), None)]


def equilibria(asked: Asked) -> View:
    """Return the page of an equilibrium; ``game`` holds payoffs or names a game of the laboratory."""
    text, concept = asked.get("game").strip(), asked.choice("concept", CONCEPTS)
    solved, wrong = None, ""
    if text:
        try:
            solved = _solved(text, concept)
        except NashforgeError as error:
            # What was written stays in the form, beside what is wrong with it.
            wrong = str(error)
    data = {
        "solved": solved,
        "wrong": wrong,
        "text": text,
        "concept": concept,
        "concepts": CONCEPTS,
        "examples": EXAMPLES,
        "studied": [game.name for game in human_games()],
    }
    return View("equilibria.html.jinja", "Equilibria", data, place="equilibria")


def _solved(text: str, concept: str) -> Solved:
    # Here, as solvers are compiled: a server over which nobody asks for an equilibrium needs no compiler.
    from nashforge.solvers.equilibria.concepts import solve_concept

    # Other strings name files or games of any size, which nobody may have read or solved by opening a page.
    known = {game.name for game in human_games()}
    if len(text) > LONGEST or not (_PAYOFFS.fullmatch(text) or text in known):
        raise MatrixError(
            f"{text[:60]!r} is no matrix of payoffs; write rows with slashes between them, as in "
            "'1 -1 / -1 1', or name a game of the laboratory"
        )
    game = bimatrix(text)
    if max(game.shape) > MOST_ACTIONS:
        raise MatrixError(f"this page takes {MOST_ACTIONS} actions at most; see `nashforge equilibrium`")
    found = solve_concept(text, concept)
    return Solved(game, found, words.title(found), _pictures(game, found))


def _told(value: Any) -> str:
    """Return an entry of a certificate in words: strategies in brackets, profiles with semicolons between."""
    if isinstance(value, list | tuple):
        nested = [part for part in value if isinstance(part, list | tuple)]
        if not nested:
            return ", ".join(map(_told, value))
        if any(isinstance(part, list | tuple) for profile in nested for part in profile):
            return "; ".join(map(_told, value))
        return " and ".join(f"({_told(strategy)})" for strategy in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    return zero_or_number(value) if isinstance(value, float) else str(value)


def _pictures(game: Bimatrix, found: ConceptSolution) -> tuple[Picture, ...]:
    played = [player.strategy[0].probabilities for player in found.players]
    points = [tuple(played)]
    others: Any = found.certificate.get("others") or ()
    points += [tuple(map(tuple, profile)) for profile in others]
    if game.shape == (2, 2):
        return (square(game.payoffs, points),)
    mine, theirs = game.own
    pictures = []
    for player, own in ((0, mine), (1, theirs)):
        if own.shape[1] == 3:
            names = tuple(map(str, game.actions[1 - player]))
            pictures.append(simplex(own, player, names, [point[1 - player] for point in points]))
    return tuple(pictures)
