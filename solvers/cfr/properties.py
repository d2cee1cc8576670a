"""Properties of CFR rules that users rely on: whether the unit of payoffs matters, and when averages begin.

A rule declares them as attributes of its class, see `nashforge.solvers.cfr.interface.RegretMinimizer`; what
it does not declare is found by playing small games. A declaration is believed of trusted rules alone: the
offline proposer drops it from what it rewrites, and whoever wants to know of a candidate plays it.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nashforge import games
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.cfr.engine import Engine, session_arguments
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.programs.kind import Serve
from nashforge.solvers.programs.session import find_class, inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import Profile

FACTORS = (0.01, 100.0)
"""What payoffs are multiplied by to tell whether that changes what a rule plays."""
STEPS, TOLERANCE = 40, 1e-6
"""Iterations are few, for what differs by rounding at first may differ by more after many."""
USUAL = (0.5, 100.0)
"""Payoff ranges of the games that rules of the library were tuned on, with some room: those of Kuhn poker,
Goofspiel and Liar's Dice are 2 to 6, that of Leduc poker is 26."""


@dataclass(frozen=True)
class Properties:
    """Properties of a rule that its file states.

    Attributes
    ----------
    scale_free : bool
        Whether it plays the same when all payoffs are multiplied by a positive number.
    first_average : int or None
        From which iteration on its average holds anything; None: not within the horizon.
    declared : tuple of str
        Which of these the rule declares; the others were found by playing.
    """

    scale_free: bool
    first_average: int | None
    declared: tuple[str, ...]


class PropertyError(ValueError):
    """A rule declares what cannot be."""


def properties(source: str, horizon: int = 1000) -> Properties:
    """Return the properties of a trusted rule: as it declares them, else found by playing.

    Raises
    ------
    PropertyError
        If it declares what cannot be.
    """
    rule = find_class(load_module(source), RegretMinimizer)
    free, first = declared_scale_free(rule), declared_first_average(rule, horizon)
    known = tuple(name for name, said in (("scale_free", free), ("first_average", first)) if said is not None)
    served = trusted(source)
    return Properties(
        scale_free(served) if free is None else free,
        first_average(served, horizon) if first is None else first if first <= horizon else None,
        known,
    )


def declared_scale_free(rule: type[RegretMinimizer]) -> bool | None:
    """Return what a rule declares of the unit of payoffs.

    Raises
    ------
    PropertyError
        If that is neither True, False nor None.
    """
    said = rule.scale_free
    if said is not None and not isinstance(said, bool):
        raise PropertyError(f"scale_free of {rule.__name__} is {said!r}; it is True, False or None (unknown)")
    return said


def declared_first_average(rule: type[RegretMinimizer], horizon: int) -> int | None:
    """Return from which iteration on, of so many, a rule declares to have an average.

    Raises
    ------
    PropertyError
        If that is neither an iteration nor a share of the horizon.
    """
    said = rule.first_average
    if said is None or (isinstance(said, int) and not isinstance(said, bool) and said >= 1):
        return said
    if isinstance(said, float) and 0 < said < 1:
        return int(said * horizon) + 1
    raise PropertyError(
        f"first_average of {rule.__name__} is {said!r}; it is an iteration (1 or later), the share of the "
        "horizon after which averages begin (between 0 and 1), or None (unknown)"
    )


def check_declared(source: str, horizon: int = 1000) -> None:
    """Check by playing what a trusted rule declares.

    Raises
    ------
    PropertyError
        If it declares what cannot be, or what is not so.
    """
    rule, served = find_class(load_module(source), RegretMinimizer), trusted(source)
    said, found = declared_scale_free(rule), scale_free(served)
    if said not in (None, found):
        raise PropertyError(
            f"{rule.__name__} declares scale_free = {said}, but payoffs times 0.01 or 100 "
            + ("change nothing" if found else "change what it plays")
        )
    begins, first = declared_first_average(rule, horizon), first_average(served, horizon)
    if begins is not None and begins != first and (first is not None or begins <= horizon):
        raise PropertyError(
            f"{rule.__name__} declares an average from iteration {begins} of {horizon} on; "
            + "its average begins "
            + (f"in iteration {first}" if first else "later")
        )


def scale_free(serve: Serve) -> bool:
    """Find by playing whether a rule plays the same when all payoffs are multiplied by 0.01 and by 100.

    Parameters
    ----------
    serve
        Serves the rule, see `nashforge.solvers.programs.kind.ProgramKind`.
    """
    return all(
        np.abs(mine - other).max(initial=0.0) <= TOLERANCE
        for form in _small_games()
        for plain in [_played(serve, form)]
        for factor in FACTORS
        for mine, other in zip(plain, _played(serve, form.scaled(factor)), strict=True)
    )


def first_average(serve: Serve, horizon: int) -> int | None:
    """Find by playing from which iteration on a rule has an average; None: not within the horizon."""
    form = _small_games()[0]
    with serve(session_arguments(form, horizon)) as sessions:
        engine = Engine(form, sessions)
        for t in range(1, horizon + 1):
            engine.step()
            if engine.averaged:
                return t
    return None


def scale_caution(form: SequenceForm, name: str, serve: Serve) -> str | None:
    """Return a warning where payoffs are far from usual ones, and a rule's constants are in their unit.

    Which it has is found by playing, whatever it declares: one that was changed may declare what was.
    """
    width = form.payoff_range
    if USUAL[0] <= width <= USUAL[1] or scale_free(serve):
        return None
    return (
        f"{name} has constants in units of payoff, and payoffs of {form.name} span {width:.4g}, far from the "
        "games that such constants are chosen on: with payoffs in another unit it may do better, or another "
        "rule (`nashforge rules` says which are scale-free)"
    )


def trusted(source: str) -> Serve:
    """Serve a rule of which the source is trusted, in this process."""
    return lambda arguments: nullcontext(inline_sessions(lambda: load_module(source), arguments))


@lru_cache(maxsize=1)
def _small_games() -> tuple[SequenceForm, ...]:
    """Return games whose payoffs are perturbed: where actions tie, rounding decides."""
    names = ("kuhn_poker", "kuhn_poker(players=3)")
    return tuple(
        games.disguise(games.compile(name), 7, permute=False, dummies=0.0, perturbation=0.1).form
        for name in names
    )


def _played(serve: Serve, form: SequenceForm) -> Profile:
    """Return the policies in play after some iterations, and the averages behind them."""
    with serve(session_arguments(form, STEPS)) as sessions:
        engine = Engine(form, sessions)
        for _ in range(STEPS):
            engine.step()
        return (*engine.current, *engine.policy())
