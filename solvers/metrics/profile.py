"""Joint policies in sequence forms, with what measures ask of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.reading import one_shot
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.gaps import rqe_gap
from nashforge.solvers.metrics.registry import ONE_SHOT, SEQUENCE_FORM, Parameters, UndefinedMetricError
from nashforge.solvers.metrics.robustness import risk_adjusted_values, robustness_curve, security_values
from nashforge.solvers.metrics.social import (
    NEGLIGIBLE,
    CrossPlay,
    cross_play,
    one_shot_free_riding,
    price_of_anarchy,
    shares_rewards,
)
from nashforge.solvers.sequence_form.profile import Profile, expected_values, exploitability

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProfilePlay:
    """A joint policy in a sequence form: a `nashforge.solvers.metrics.registry.Play`.

    Attributes
    ----------
    profile : Profile
        One behaviour policy a player; empty before it is known, where only the game is asked about.
    partner : callable or None
        Returns the joint policy whose seats partners for cross-play come from.
    """

    form: SequenceForm
    profile: Profile = ()
    partner: Callable[[], Profile] | None = None

    @property
    def name(self) -> str:
        """Of the game."""
        return self.form.name

    @property
    def players(self) -> int:
        """Number of players."""
        return self.form.players

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """A sequence form; also a one-shot game, if two players act once each and know nothing."""
        once = self.players == 2 and all(treeplex.infosets == 1 for treeplex in self.form.treeplexes)
        return (ONE_SHOT, SEQUENCE_FORM) if once else (SEQUENCE_FORM,)

    @cached_property
    def payoffs(self) -> tuple[Array, Array]:
        """Both players' payoffs in a one-shot game, player 1's actions as rows."""
        return one_shot(self.form).payoffs

    @property
    def possible_welfare(self) -> bool:
        """Whether the sum of both payoffs of a one-shot game can be positive."""
        first, second = self.payoffs
        return bool((first + second).max() > NEGLIGIBLE * max(np.abs(first).max(), np.abs(second).max()))

    @property
    def private_costs(self) -> bool:
        """Whether payoffs of a one-shot game are a shared reward less private costs of one's own actions."""
        return shares_rewards(self.payoffs[0] - self.payoffs[1])

    def values(self) -> Array:
        """Return every player's expected utility."""
        return expected_values(self.form, self.profile)

    def risk_adjusted(self, how: Parameters) -> Array:
        """Return every player's risk-adjusted value."""
        return risk_adjusted_values(self.form, self.profile, how.risk)

    def robust(self, radii: Sequence[float]) -> Array:
        """Return every player's worst value within KL radii, shape ``(players, radii)``."""
        return np.array(
            [robustness_curve(self.form, self.profile, player, radii) for player in range(self.players)]
        )

    def security(self) -> Array:
        """Return every player's security value."""
        return security_values(self.form, self.profile)

    def exploitability(self) -> float:
        """Return NashConv / players."""
        return exploitability(self.form, self.profile)

    def gap(self, tau: float, how: Parameters) -> float:
        """Return the RQE gap, summed over players; ``tau`` 0 is the QRE gap."""
        return rqe_gap(self.form, self.profile, tau=tau, epsilon=how.epsilon, divergence=how.divergence)

    def welfare(self) -> float:
        """Return the sum of all expected utilities."""
        return float(self.values().sum())

    def price_of_anarchy(self) -> float:
        """Return the best welfare of a one-shot game over that of the strategies."""
        try:
            return price_of_anarchy(self.payoffs, self._strategies())
        except ValueError as error:
            raise UndefinedMetricError(str(error)) from error

    def free_riding(self) -> float:
        """Return the difference of expected private costs in a one-shot game."""
        return one_shot_free_riding(self.payoffs, self._strategies())

    def cross_play_gap(self) -> float:
        """Return what is lost with strangers."""
        return self._met.loss(0)

    def worst_cross_play(self) -> float:
        """Return the welfare a player with the worst strangers."""
        return self._met.worst

    def welfare_with(self, others: ProfilePlay) -> float:
        """Return the welfare a player when all but player 0 come from another joint policy."""
        return float(expected_values(self.form, (self.profile[0], *others.profile[1:])).mean())

    def _strategies(self) -> list[Array]:
        return [np.asarray(policy) for policy in self.profile]

    @cached_property
    def _met(self) -> CrossPlay:
        if self.partner is None:
            raise UndefinedMetricError("cross-play needs the joint policy of strangers; none is known here")
        return cross_play([self, ProfilePlay(self.form, self.partner())])
