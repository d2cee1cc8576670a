"""CFR rules in games that are sampled: those whose information sets can wait until they are visited.

A sampled regret is zero in every information set that the sample has missed, so that a rule would have to
act on all of them in every iteration. Where all that it does with a zero is to scale what it has, one factor
makes up for all iterations between two visits. Whether a rule is of this form is found by playing it, not by
its name: it keeps cumulative regrets in ``regret``,

    R <- R d(t) + r, or [R d(t) + r]+, with one d(t) where R > 0 and one elsewhere,
    policy proportional to [R]+,
    C <- C + w(t) reach policy,

with factors and weights that hang on the iteration alone.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from nashforge.solvers.cfr.interface import Infosets, RegretMinimizer
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.session import find_class
from nashforge.solvers.programs.trajectory import default_checkpoints

Numbers = list[float]

ACTIONS, BLOCK, TOLERANCE = 3, 6, 1e-9
"""Actions, successive iterations and exactness of the trials in which lazy form and rule must play alike."""
SCALES = (1.0, 1000.0, 0.001)
"""Of regrets in these trials: what hangs on the unit of payoffs is no scaling."""


class NoSampledFormError(ArgumentError):
    """A rule does more between the visits of an information set than to scale its regrets."""


class SampledRule:
    """A CFR rule whose cumulative regrets are brought up to date when an information set is visited.

    Parameters
    ----------
    name
        How errors call the rule.
    rule
        The class.
    horizon
        So many iterations it is told to expect.

    Raises
    ------
    NoSampledFormError
        If it does more between visits than to scale regrets, or weighs policies by more than the iteration.
    """

    def __init__(self, name: str, rule: type[RegretMinimizer], horizon: int) -> None:
        self.name, self.horizon = name, horizon
        # By iteration, from 0: weights in the average, logarithms of the products of all factors so far, and
        # the last iterations whose factors were 0.
        self._weights: Numbers = [0.0]
        self._positive: Numbers = [0.0]
        self._negative: Numbers = [0.0]
        self._erased: list[tuple[int, int]] = [(0, 0)]
        try:
            self._probe = rule(Infosets([0, 2]), horizon)
            self._probe.observe(1, np.array([1.0, -1.0]))
            self.clips = self._regrets()[1] == 0.0
            alike = self._plays_as(rule(Infosets([0, ACTIONS]), horizon))
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError):
            alike = False  # it keeps other things than regrets, or cannot do with one information set
        if not alike:
            raise NoSampledFormError(
                f"{name} has no sampled form: an information set must be able to wait until it is visited, "
                "so a rule may only scale regrets between visits, and weigh policies by the iteration alone"
            )

    def weight(self, t: int) -> float:
        """Return how the policy of an iteration is weighed in the average."""
        if t >= len(self._weights):
            self._learn(t)
        return self._weights[t]

    def add(self, regrets: Numbers, new: Numbers, since: int, t: int) -> None:
        """Scale cumulative regrets over the iterations since the last visit, and add those of this one."""
        if t >= len(self._weights):
            self._learn(t)
        erased = self._erased[t]
        positive = 0.0 if erased[0] > since else math.exp(self._positive[t] - self._positive[since])
        negative = 0.0 if erased[1] > since else math.exp(self._negative[t] - self._negative[since])
        self._apply(regrets, new, positive, negative)

    def _apply(self, regrets: Numbers, new: Numbers, positive: float, negative: float) -> None:
        clips = self.clips
        for a, regret in enumerate(regrets):
            regret = regret * (positive if regret > 0.0 else negative) + new[a]
            regrets[a] = 0.0 if clips and regret < 0.0 else regret

    def _regrets(self) -> Numbers:
        kept: Numbers = self._probe.regret.tolist()  # type: ignore[attr-defined]
        return kept

    def _asked(self, t: int) -> tuple[float, float, float]:
        """Ask for the factors of positive and of other regrets in an iteration, and for its weight."""
        self._probe.regret = np.array([1.0, -1.0])  # type: ignore[attr-defined]
        self._probe.observe(t, np.zeros(2))
        positive, negative = self._regrets()
        _, weight = self._probe.weights(t, np.array([0.5, 0.5]), np.ones(2))
        return positive, -negative, float(weight)

    def _learn(self, last: int) -> None:
        """Ask the rule for the factors and weights of all iterations up to one."""
        for t in range(len(self._weights), last + 1):
            positive, negative, weight = self._asked(t)
            self._weights.append(weight)
            self._positive.append(self._positive[-1] + (math.log(positive) if positive > 0.0 else 0.0))
            self._negative.append(self._negative[-1] + (math.log(negative) if negative > 0.0 else 0.0))
            before = self._erased[-1]
            self._erased.append((before[0] if positive > 0.0 else t, before[1] if negative > 0.0 else t))

    def _plays_as(self, rule: RegretMinimizer) -> bool:
        """Whether the rule itself, told zeros between visits, plays and averages as its lazy form does.

        A few in a row are tried early and late: what begins after a while begins within the horizon.
        """
        rng = np.random.default_rng(0)
        policy, lazy = np.full(ACTIONS, 1 / ACTIONS), [0.0] * ACTIONS
        trials = [
            t + k for t in default_checkpoints(self.horizon) if t == 1 or t > BLOCK for k in range(BLOCK)
        ]
        for number, t in enumerate(trials):
            visited = number % 3 != 2
            told = rng.normal(size=ACTIONS) * SCALES[number // BLOCK % len(SCALES)] * visited
            rule.observe(t, told.copy())
            positive, negative, weight = self._asked(t)
            self._apply(lazy, told.tolist(), positive, negative)
            keep, add = rule.weights(t, policy.copy(), rng.random(1).repeat(ACTIONS))
            policy = rule.policy(t)
            if np.ndim(keep) or np.ndim(add) or keep != 1 or add != weight or not 0 <= weight < math.inf:
                return False
            if not np.allclose(matched(lazy), policy, rtol=0.0, atol=TOLERANCE):
                return False
        return True


def matched(regrets: Numbers) -> Numbers:
    """Return the policy in proportion to positive regrets, uniform where there are none."""
    positive = [regret if regret > 0.0 else 0.0 for regret in regrets]
    total = sum(positive)
    if total > 0.0:
        return [regret / total for regret in positive]
    return [1.0 / len(regrets)] * len(regrets)


def sampled_rule(program: str | Path | type, horizon: int) -> SampledRule:
    """Return the sampled form of a rule: one of the library, a Python file, or a class; it is trusted.

    Raises
    ------
    nashforge.solvers.programs.library.NotInLibraryError
        If there is no such rule.
    NoSampledFormError
        If it has no sampled form.
    ArgumentError
        If it is no rule.
    """
    name, namespace = LIBRARY.load(program)
    try:
        rule = find_class(namespace, RegretMinimizer)
    except ValueError as error:
        raise ArgumentError(f"{name} is no CFR rule, and only these can be sampled: {error}") from error
    try:
        return SampledRule(name, rule, horizon)
    except NoSampledFormError as error:
        known = ", ".join(sampled_names())
        raise NoSampledFormError(f"{error}; of the library that is so of {known}") from None


def sampled_names() -> list[str]:
    """Return the names of the library's rules that have a sampled form, which is found by playing them."""
    found = []
    for name in LIBRARY.names():
        try:
            SampledRule(name, find_class(LIBRARY.load(name)[1], RegretMinimizer), horizon=1000)
        except NoSampledFormError:
            continue
        found.append(name)
    return found
