"""Policies of a solved game by the names of its states and actions, besides as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from nashforge.errors import USAGE, NashforgeError
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.programs.trajectory import Policies
from nashforge.solvers.sequence_form.profile import check_player

MOST_NAMED = 8
"""So many states are named where one is not known and nothing is like it."""


class Playable(Protocol):
    """A game of learners, such as a `nashforge.solvers.learners.task.Task`."""

    @property
    def name(self) -> str:
        """As it was given."""

    @property
    def gap_name(self) -> str:
        """The name of the distance from equilibrium."""

    @property
    def form(self) -> SequenceForm | None:
        """The sequence form, if it has one; Markov and mean-field games have none."""

    def labels_of(self, player: int) -> Sequence[str]:
        """Return the labels of a player's states."""

    def play(self, strategies: Policies = ()) -> Any:
        """Return strategies with what measures ask of them."""


class UnknownStateError(NashforgeError, KeyError):
    """A game has no such state, or it is several players' and nobody said whose is meant."""

    exit_code = USAGE

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError quotes it


class Entry(NamedTuple):
    """The probability of one action in one state of one player."""

    player: int
    state: str
    action: int
    name: str
    probability: float


class StatePolicies(tuple[npt.NDArray[np.float64], ...]):
    """The policies of all players: a tuple of one array a player, which can be asked for a state.

    Attributes
    ----------
    game : SequenceForm or Playable
        What they are of.

    Examples
    --------
    >>> import nashforge as nf
    >>> sorted(nf.solve("kuhn_poker", iterations=10).policy("0pb"))
    ['Bet', 'Pass']
    """

    game: SequenceForm | Playable

    def __new__(
        cls, policies: Iterable[npt.NDArray[np.float64]], game: SequenceForm | Playable
    ) -> StatePolicies:
        self = super().__new__(cls, policies)
        self.game = game
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.game

    def __call__(self, state: str, player: int | None = None) -> dict[str, float]:
        """Return the probabilities of the actions in a state, by the actions' names.

        Parameters
        ----------
        state
            OpenSpiel's information-state string, or the label of a state of a Markov game; of a one-shot
            game of learners the empty string.
        player
            Whose, where several have a state of that name.

        Raises
        ------
        UnknownStateError
            If there is no such state, or it is several players'.
        NoPlayerError
            If there is no such player.
        """
        if player is not None:
            check_player(len(self), player)
        found = [e for e in self.entries() if e.state == state and player in (None, e.player)]
        owners = sorted({entry.player for entry in found})
        if len(owners) > 1:
            raise UnknownStateError(
                f"players {', '.join(map(str, owners))} have a state {state!r} each; say whose with player=0"
            )
        if not found:
            states = sorted({entry.state for entry in self.entries() if player in (None, entry.player)})
            few = f"it has {len(states)}, among them {', '.join(map(repr, states[:MOST_NAMED]))}"
            whose = "" if player is None else f" of player {player}"
            raise UnknownStateError(
                f"{self.game.name} has no state {state!r}{whose}; {choice(str(state), states, few)}"
            )
        names = [entry.name for entry in found]
        clear = len(set(names)) == len(names)
        return {(e.name if clear else f"{e.action} {e.name}"): e.probability for e in found}

    def entries(self) -> Iterator[Entry]:
        """Yield the probability of each action in each state of each player."""
        form = self.game if isinstance(self.game, SequenceForm) else self.game.form
        if form is None:
            assert not isinstance(self.game, SequenceForm)
            for player, mixtures in enumerate(self):
                for label, mixture in zip(self.game.labels_of(player), mixtures, strict=True):
                    for action, probability in enumerate(mixture):
                        yield Entry(player, label, action, str(action), float(probability))
            return
        for player, (treeplex, policy) in enumerate(zip(form.treeplexes, self, strict=True)):
            for i, label in enumerate(treeplex.labels):
                for a in range(treeplex.start[i], treeplex.start[i + 1]):
                    number, named = int(treeplex.actions[a]), treeplex.action_name(a)
                    yield Entry(player, label, number, named, float(policy[a]))
