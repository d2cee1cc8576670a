"""Nash equilibria of compiled games through their strategic form: general sums, and any number of players."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from nashforge.games.matrix.reading import Bimatrix
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.bimatrix import NashEquilibria, nash
from nashforge.solvers.equilibria.exact.rational import floats
from nashforge.solvers.equilibria.extensive.guarantees import levelled, stakes_in
from nashforge.solvers.equilibria.normal_form.many_players import enumerate_equilibria
from nashforge.solvers.equilibria.normal_form.strategies import behaviour, fractions, strategic_form
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import Profile, expected_values, realization_plans
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]
Strategies = tuple[tuple[Fraction, ...], ...]


def strategic_nash(form: SequenceForm, tolerance: float) -> NashEquilibria:
    """Return Nash equilibria of a game of which the strategic form is small.

    Of two players as `nashforge.solvers.equilibria.nash` finds those of two matrices, of which the entries
    are brought to fractions first; of more players as `enumerate_equilibria` does. What is listed are
    behaviour policies, with gaps that were computed anew, from the compiled game.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If the strategic form is too large.
    RiskError
        If no equilibrium was found.
    """
    plans, payoffs = strategic_form(form)
    if form.players == 2:
        both = fractions(payoffs[0]), fractions(payoffs[1])
        found = nash(Bimatrix(form.name, (payoffs[0], payoffs[1]), given=both), tolerance=tolerance)
        mixed = [_in_fractions(*pair) for pair in zip(found.equilibria, found.exact, strict=True)]
        exact = [each is not None for each in found.exact]
        complete, degenerate, method = found.complete, found.degenerate, found.method
    else:
        listed = enumerate_equilibria(form.name, payoffs, tolerance)
        mixed = [_in_fractions(*pair) for pair in zip(listed.profiles, listed.exact, strict=True)]
        exact = [each is not None for each in listed.exact]
        complete, degenerate, method = listed.complete, listed.degenerate, "subdivision of supports"
    policies: dict[Strategies, bool] = {}
    for strategies, proven in zip(mixed, exact, strict=True):
        each = zip(form.treeplexes, plans, strategies, strict=True)
        policies.setdefault(tuple(behaviour(*parts) for parts in each), proven)
    if any(treeplex.infosets > 1 for treeplex in form.treeplexes):
        method += " of the reduced strategic form"
    profiles = [tuple(floats(policy) for policy in each) for each in policies]
    gaps = [_certificate(form, profile) for profile in profiles]
    kept = [k for k, each in enumerate(gaps) if all(gap <= tolerance * stake for gap, stake in zip(*each))]
    if not kept:
        raise RiskError(f"no Nash equilibrium of {form.name} was found within tolerance; try nashforge solve")
    return NashEquilibria(
        equilibria=tuple(profiles[k] for k in kept),
        gaps=tuple(sum(gaps[k][0]) for k in kept),
        regrets=tuple(gaps[k][0] for k in kept),
        stakes=tuple(gaps[k][1] for k in kept),
        exact=tuple(each if policies[each] else None for k, each in enumerate(policies) if k in kept),
        complete=complete and len(kept) == len(profiles),
        degenerate=degenerate,
        method=method,
        tolerance=tolerance,
    )


def _in_fractions(profile: tuple[Array, ...], exact: Strategies | None) -> Strategies:
    if exact is not None:
        return exact
    return tuple(tuple(Fraction(float(p)) for p in strategy) for strategy in profile)


def _certificate(form: SequenceForm, profile: Profile) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what each player's best response gains, and what is at stake for it."""
    values = tuple(map(float, expected_values(form, profile)))
    level = levelled(form, values)
    plans, shared = realization_plans(level, profile), tables(level)
    gains = tuple(max(shared.gain(player, plans), 0.0) for player in range(form.players))
    return gains, stakes_in(level, profile, values)
