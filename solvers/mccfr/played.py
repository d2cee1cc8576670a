"""The worth of policies in games that are not compiled, by play: values, and gains of responses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashforge.solvers.mccfr.draws import Stream, Tape
from nashforge.solvers.mccfr.game import CHANCE, PLAY_ERRORS, TERMINAL, SampledGame
from nashforge.solvers.mccfr.local import LocalBestResponse
from nashforge.solvers.mccfr.policy import SampledPolicy, average_policy
from nashforge.solvers.mccfr.rules import sampled_rule
from nashforge.solvers.mccfr.sampler import Behaviour, Sampler
from nashforge.solvers.mccfr.table import Table

Array = npt.NDArray[np.float64]

CONFIDENCE, QUANTILE = 0.95, 1.959963984540054
"""Of the intervals, and the normal distribution's quantile that belongs to it."""
LEARNING_RULE = "cfr_plus"
"""How a response is learned."""


@dataclass(frozen=True)
class Estimate:
    """A mean over independent episodes.

    Attributes
    ----------
    mean : float
    low, high : float
        The ends of the two-sided normal interval, ``mean -+ 1.96 s / sqrt(episodes)``, which holds for many
        episodes and for payoffs that are not rare and large.
    episodes : int
    """

    mean: float
    low: float
    high: float
    episodes: int
    confidence: float = CONFIDENCE

    @classmethod
    def of(cls, sample: Array) -> Estimate:
        """Return the estimate from the outcomes of episodes."""
        mean, count = float(sample.mean()), len(sample)
        half = QUANTILE * float(sample.std(ddof=1)) / math.sqrt(count)
        return cls(mean, mean - half, mean + half, count)

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


@dataclass(frozen=True)
class Played:
    """The worth of policies, and the gains of responses to them.

    Attributes
    ----------
    values : tuple of Estimate
        Each player's expected utility.
    gains : tuple of Estimate
        What each player gains by its response, against the others' policies: never more in expectation than a
        best response gains.
    lower_bound : Estimate
        Of exploitability: the gains' sum divided by the number of players. Its interval is that of what these
        responses gain; how far below exploitability that is, is not known.
    response : str
        What they are: ``local`` best responses, or ``learned``.
    iterations : int or None
        So many each of the learned ones was learned in.
    """

    values: tuple[Estimate, ...]
    gains: tuple[Estimate, ...]
    lower_bound: Estimate
    response: str
    iterations: int | None


class From(Table):
    """Information sets in which play begins as policies have it."""

    def __init__(self, game: SampledGame, policy: SampledPolicy) -> None:
        super().__init__(game)
        self.policy = policy

    def first_policy(self, player: int, label: str, uniform: list[float]) -> list[float]:
        """See `Table`."""
        known = self.policy.mixtures[player].get(label)
        return uniform if known is None else known.probabilities


class Instead:
    """Policies of which one player's is another, where that is known."""

    def __init__(self, policy: SampledPolicy, player: int, response: SampledPolicy) -> None:
        self.policy, self.player, self.response = policy, player, response

    def probabilities(self, state: object, player: int) -> list[float]:
        """Return the probabilities of the legal actions at a decision of a player."""
        if player == self.player:
            known = self.response.mixtures[player].get(state.information_state_string())  # type: ignore[attr-defined]
            if known is not None:
                return known.probabilities
        return self.policy.probabilities(state, player)


def play(
    game: SampledGame,
    policy: SampledPolicy,
    scheme: type[Sampler],
    episodes: int,
    response: str,
    iterations: int,
    seed: int,
) -> Played:
    """Play policies against themselves, and against responses, in pairs that meet the same luck.

    Local best responses need the distribution of what the others hold at a decision, which OpenSpiel tells of
    few games. Elsewhere a response is learned first, as by Timbers et al. (2022), Approximate Exploitability:
    Learning a Best Response: by the scheme, against the fixed policies of the others. It is what was played
    on average, where it was; elsewhere the player stays with its policy. Luck that a response is found by
    plays no part in the episodes that are counted, so that their mean is unbiased for it.
    """
    players = range(game.players)
    rng = np.random.default_rng([seed, game.players])
    plain, answered = np.empty((episodes, game.players)), np.empty((episodes, game.players))
    try:
        answers: list[Behaviour] = [
            LocalBestResponse(game, policy, player, seed)
            if response == "local"
            else _learned(game, policy, scheme, player, iterations, seed)
            for player in players
        ]
        for k in range(episodes):
            tape = Tape(rng)
            plain[k] = _episode(game, policy, tape)
            for player, answer in enumerate(answers):
                tape.rewind()
                answered[k, player] = _episode(game, answer, tape)[player]
    except PLAY_ERRORS as error:
        raise game.unplayable(error) from error
    gains = answered - plain
    return Played(
        tuple(Estimate.of(column) for column in plain.T),
        tuple(Estimate.of(column) for column in gains.T),
        Estimate.of(gains.sum(axis=1) / game.players),
        response,
        None if response == "local" else iterations,
    )


def _learned(
    game: SampledGame, policy: SampledPolicy, scheme: type[Sampler], player: int, iterations: int, seed: int
) -> Behaviour:
    """Return the policies in which one player answers the others."""
    table, rule = From(game, policy), sampled_rule(LEARNING_RULE, iterations)
    draws = Stream(np.random.default_rng([seed, player]))
    sampler = scheme(game, table, rule, draws, policy)
    for t in range(1, iterations + 1):
        sampler.iterate(t, [player])
    return Instead(policy, player, average_policy(table))


def _episode(game: SampledGame, behaviour: Behaviour, tape: Tape) -> list[float]:
    """Return the payoffs of all players after one play."""
    state = game.start()
    while True:
        mover = state.current_player()
        if mover == TERMINAL:
            returns: list[float] = state.returns()
            return returns
        if mover == CHANCE:
            outcomes = state.chance_outcomes()
            state.apply_action(outcomes[tape.index(CHANCE, [p for _, p in outcomes])][0])
        else:
            probabilities = behaviour.probabilities(state, mover)
            state.apply_action(state.legal_actions()[tape.index(mover, probabilities)])
