"""Games in extensive form from Gambit's ``.efg`` files, exactly.

The format lists the nodes of the tree, each node before its children: ``c`` (chance), ``p`` (a player) and
``t`` (an end). Any node may have an outcome, whose payoffs are added up along the way; an outcome or an
information set that was described before may be named by its number alone. Gambit, "Game representation
formats", https://gambitproject.readthedocs.io/en/latest/formats.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from nashforge.games.files.tokens import Tokens

_DECIMAL = re.compile(r"[+-]?\d*(\.(?P<behind>\d*))?([eE](?P<exponent>[+-]?\d{1,9}))?")
MOST_DIGITS = 400

CHANCE, TERMINAL = -1, -4
"""Players of chance nodes and of ends; OpenSpiel's numbers."""

_SLACK = Fraction(1, 10**6)
"""By how much probabilities written as decimals may miss 1 at most; they are then scaled."""
_FLOAT = Fraction(1, 2**53)
"""Largest distance of a float below 1 from the decimal that it is written for."""


@dataclass(slots=True)
class Node:
    """A node of the tree.

    Attributes
    ----------
    player
        Who moves: 0 for the first player, `CHANCE`, or `TERMINAL`.
    infoset : str
        The name of its information set, unique in the game.
    actions, probabilities
        What can be done, and how likely chance does it.
    payoffs
        Of every player, the sum of the outcomes from the root to this node.
    """

    player: int
    payoffs: tuple[Fraction, ...]
    infoset: str = ""
    actions: tuple[str, ...] = ()
    probabilities: tuple[Fraction, ...] = ()
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class ExtensiveFile:
    """A game in extensive form with exact payoffs.

    It is played as OpenSpiel's games are: by states with ``current_player``, ``legal_actions``, ``child``...

    Attributes
    ----------
    title : str
    players : tuple of str
        Their names.
    root : Node
    """

    title: str
    players: tuple[str, ...]
    root: Node

    def num_players(self) -> int:
        """Return the number of players."""
        return len(self.players)

    def new_initial_state(self) -> FileState:
        """Return the state at the root."""
        return FileState(self.root)


class FileState:
    """A place in the tree, with the part of the interface of ``pyspiel.State`` that the compiler uses."""

    __slots__ = ("_history", "_node")

    def __init__(self, node: Node, history: tuple[int, ...] = ()) -> None:
        self._node, self._history = node, history

    def current_player(self) -> int:
        """Return who moves."""
        return self._node.player

    def child(self, action: int) -> FileState:
        """Return the state after an action."""
        return FileState(self._node.children[action], (*self._history, action))

    def apply_action(self, action: int) -> None:
        """Go to the state after an action."""
        self._node, self._history = self._node.children[action], (*self._history, action)

    def legal_actions(self) -> list[int]:
        """Return the numbers of the actions, which count from 0 in the order of the file."""
        return list(range(len(self._node.actions)))

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Return what chance may do, and how likely."""
        return [(k, float(p)) for k, p in enumerate(self._node.probabilities)]

    def information_state_string(self) -> str:
        """Return the name of the information set."""
        return self._node.infoset

    def action_to_string(self, player: int, action: int) -> str:
        """Return the name of an action."""
        return self._node.actions[action]

    def exact_chances(self) -> tuple[Fraction, ...]:
        """Return how likely chance does each of what it may do."""
        return self._node.probabilities

    def exact_returns(self) -> tuple[Fraction, ...]:
        """Return the payoffs of all players as fractions."""
        return self._node.payoffs

    def returns(self) -> list[float]:
        """Return the payoffs of all players."""
        return [float(payoff) for payoff in self._node.payoffs]

    def history(self) -> list[int]:
        """Return the actions that lead here."""
        return list(self._history)


def read_efg(content: str, name: str) -> ExtensiveFile:
    """Read a game in extensive form.

    Parameters
    ----------
    content
        Of the file.
    name
        How errors call the file.

    Raises
    ------
    GameFileError
        If it is ill-formed; the sentence names the line and what was expected there.
    """
    return _Reader(Tokens(content, name)).game()


@dataclass
class _Infoset:
    label: str
    actions: tuple[str, ...]
    probabilities: tuple[Fraction, ...]
    line: int


def _digits(number: str) -> int:
    """Return how many digits a decimal has behind the point; 0 for whole numbers and fractions."""
    match = _DECIMAL.fullmatch(number)
    if match is None:
        return 0
    return min(max(len(match["behind"] or "") - int(match["exponent"] or 0), 0), MOST_DIGITS)


class _Reader:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._players: tuple[str, ...] = ()
        self._infosets: dict[tuple[int, int], _Infoset] = {}
        self._outcomes: dict[int, tuple[tuple[Fraction, ...], int]] = {}

    def game(self) -> ExtensiveFile:
        tokens = self._tokens
        title = tokens.header("EFG", "2")
        self._players = tuple(tokens.texts("the players' names"))
        tokens.taken("text")  # a comment
        root = self._node(Node(TERMINAL, (Fraction(0),) * len(self._players)))
        # A stack, not recursion: depth is free.
        open_nodes = [root]
        while open_nodes:
            node = open_nodes[-1]
            if len(node.children) == len(node.actions):
                open_nodes.pop()
                continue
            child = self._node(node)
            node.children.append(child)
            open_nodes.append(child)
        if tokens.next.kind != "end":
            tokens.expected("the end of the file, because all branches of the tree have ended")
        return ExtensiveFile(title, self._players, root)

    def _node(self, parent: Node) -> Node:
        tokens = self._tokens
        kind = tokens.next.text if tokens.next.kind == "word" else ""
        if kind not in ("c", "p", "t"):
            tokens.expected("a node: c (chance), p (a player) or t (an end)")
        tokens.take("word", "a node")
        tokens.take("text", "the node's name in quotes (it may be empty)")
        if kind == "t":
            return Node(TERMINAL, self._outcome(parent))
        player = CHANCE
        if kind == "p":
            count = len(self._players)
            player = tokens.integer(f"the number of a player, 1 to {count}", 1, count) - 1
        infoset = self._infoset(player)
        payoffs = self._outcome(parent)
        return Node(player, payoffs, infoset.label, infoset.actions, infoset.probabilities)

    def _infoset(self, player: int) -> _Infoset:
        tokens = self._tokens
        line = tokens.next.line
        number = tokens.integer("the number of an information set", 1)
        known = self._infosets.get((player, number))
        name = tokens.taken("text")
        if tokens.next.kind != "{":
            if known is None:
                tokens.expected(f"the actions of information set {number}, which is new here")
            return known
        actions, probabilities = self._actions(chance=player == CHANCE)
        if known is None:
            whose = "chance" if player == CHANCE else f"player {player + 1}"
            label = f"{whose} set {number}" + (f" {name.text}" if name is not None and name.text else "")
            known = self._infosets[player, number] = _Infoset(label, actions, probabilities, line)
        elif sorted(known.actions) == sorted(actions) and known.actions != actions:
            raise tokens.problem(
                f"information set {number} lists its actions in another order than in line {known.line}; "
                f"list them in one order, {', '.join(map(repr, known.actions))}, and their branches likewise",
                line,
            )
        elif known.actions != actions or known.probabilities != probabilities:
            raise tokens.problem(
                f"information set {number} was described otherwise in line {known.line}; its nodes must have "
                "the same actions" + (" and probabilities" if player == CHANCE else ""),
                line,
            )
        return known

    def _actions(self, *, chance: bool) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        tokens = self._tokens
        line = tokens.next.line
        if not chance:
            actions = tuple(tokens.texts("the actions"))
            if not actions:
                raise tokens.problem("expected at least one action", line)
            return actions, ()
        tokens.take("{", 'the actions and their probabilities, as in { "a" 1/2 "b" 1/2 }')
        names, weights, digits = [], [], []
        while tokens.next.kind == "text":
            names.append(tokens.take("text", "an action").text)
            where = tokens.next.line
            digits.append(_digits(tokens.next.text))
            weights.append(tokens.number(f"the probability of {names[-1]!r}"))
            if weights[-1] < 0:
                raise tokens.problem(f"expected a probability, found {weights[-1]}", where)
        tokens.take("}", 'another action in quotes, or "}"')
        total = sum(weights, Fraction(0))
        finest = max(digits, default=0)
        rounding = max(Fraction(1, 2 * 10**finest), _FLOAT) if finest > 0 else Fraction(0)
        if abs(total - 1) > min(len(weights) * rounding, _SLACK):
            raise tokens.problem(
                f"expected probabilities that sum to 1, found {float(total)!r}, which misses it by "
                f"{float(abs(total - 1)):.2g}: more than the rounding of their last digits; write fractions "
                "such as 1/3",
                line,
            )
        return tuple(names), tuple(weight / total for weight in weights)

    def _outcome(self, parent: Node) -> tuple[Fraction, ...]:
        """Return the payoffs so far, with those of the outcome that is read."""
        tokens = self._tokens
        line = tokens.next.line
        number = tokens.integer("the number of an outcome (0: none)", 0)
        named = tokens.taken("text") is not None
        if tokens.next.kind == "{":
            payoffs = self._payoffs()
            if number == 0:
                if any(payoffs):
                    raise tokens.problem("outcome 0 is none and cannot have payoffs; number it", line)
                return parent.payoffs
            known = self._outcomes.setdefault(number, (payoffs, line))
            if known[0] != payoffs:
                raise tokens.problem(
                    f"outcome {number} has other payoffs than in line {known[1]}; give it another number",
                    line,
                )
        elif number == 0:
            return parent.payoffs
        elif number not in self._outcomes:
            tokens.expected(f"the payoffs of outcome {number}, which is new here" + (" {...}" * named))
        return tuple(a + b for a, b in zip(parent.payoffs, self._outcomes[number][0], strict=True))

    def _payoffs(self) -> tuple[Fraction, ...]:
        tokens = self._tokens
        tokens.take("{", "payoffs")
        count = len(self._players)
        payoffs = tuple(tokens.number(f"the payoff of player {k + 1} of {count}") for k in range(count))
        tokens.take("}", f'"}}" after the payoffs of {count} players')
        return payoffs
