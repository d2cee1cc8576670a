"""Information measures of policies at play: what actions depend on, by counting.

For agents i and j with observations O, actions A and histories of the last three observations H:

    OAR = I(O; A) / H(A)                            how much of an action the observation explains
    HAR = I(H; A | O) / H(A | O)                    what is left that the history explains: memory
    PIF = I(H_i, O_i; A_j | H_j, O_j) / H(A_j | H_j, O_j)      what i knows and j does not, in what j does
    AA  = I(A_i; A_j | O_i, O_j) / H(A_j | O_i, O_j)           actions that agree beyond what both observe
    DAI = the same with what j does one step later

Entropies are plug-in estimates with the correction of Miller and Madow. Few samples of many symbols look
dependent: each measure stands beside a null, the mean over shuffles of an agent's actions. Only what is above
it counts.

Source: diagnostics of decentralised policies (2026), arXiv 2602.20804; Miller (1955), Note on the bias of
information estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import numpy as np
import numpy.typing as npt

Symbols = npt.NDArray[np.int64]

HISTORY = 3
"""Observations that a history holds."""

SHUFFLES = 5
LEAST_EXCESS = 0.01
"""Below so much over the null, there is nothing."""

NAMES = {
    "OAR": "action explained by the observation",
    "HAR": "action explained by the history beyond the observation",
    "PIF": "another's action explained by what only this agent knows",
    "AA": "actions that agree beyond what both observe",
    "DAI": "another's next action explained by this one's",
}
"""The measures, with a few words for each."""


@dataclass(frozen=True)
class Played:
    """One episode, as symbols.

    Attributes
    ----------
    observations, actions : ndarray of int, shape (steps, agents)
        Numbers of symbols.
    present : ndarray of bool, shape (steps, agents)
        Whether the agent was asked.
    """

    observations: Symbols
    actions: Symbols
    present: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Information:
    """A measure and its null.

    Attributes
    ----------
    value : float
        In [0, 1] but for the correction; 0 where there is nothing to explain.
    null : float
        Its mean over shuffles.
    samples : int
        Steps that were counted, of all agents or pairs.
    """

    value: float
    null: float
    samples: int

    @property
    def excess(self) -> float:
        """The value above the null; 0 where that is next to nothing."""
        above = self.value - self.null
        return above if above >= LEAST_EXCESS else 0.0


def measures(episodes: Sequence[Played], rng: np.random.Generator) -> dict[str, Information]:
    """Return all measures: means over agents, or over ordered pairs of them.

    Parameters
    ----------
    rng
        Of the shuffles.
    """
    agents = episodes[0].actions.shape[1] if episodes else 0
    symbols = 1 + max((int(one.observations.max(initial=0)) for one in episodes), default=0)
    found: dict[str, list[Information]] = {name: [] for name in NAMES}
    for agent in range(agents):
        alone = _joined([_alone(one, agent, symbols) for one in episodes])
        if alone is not None:
            seen, history, action = alone
            found["OAR"].append(_beside(partial(_share, seen), np.zeros_like(action), action, rng))
            found["HAR"].append(_beside(partial(_share, history), seen, action, rng))
    for i, j in permutations(range(agents), 2):
        pair = _joined([_pair(one, i, j, symbols) for one in episodes])
        if pair is not None:
            seen_i, seen_j, known_i, known_j, action_i, action_j, later, seen_later = pair
            both, after = _paired(seen_i, seen_j), _paired(seen_i, seen_later)
            found["PIF"].append(_beside(partial(_share, known_i), known_j, action_j, rng))
            found["AA"].append(_beside(partial(_share, action_i), both, action_j, rng))
            found["DAI"].append(_beside(partial(_share, action_i), after, later, rng))
    return {name: _mean(several) for name, several in found.items()}


def _mean(several: Sequence[Information]) -> Information:
    if not several:
        return Information(0.0, 0.0, 0)
    value, null = (float(np.mean([getattr(one, name) for one in several])) for name in ("value", "null"))
    return Information(value, null, sum(one.samples for one in several))


def entropy(x: Symbols) -> float:
    """Return the entropy of symbols in nats, corrected for symbols that were seen by chance.

    Source: Miller (1955): the plug-in estimate plus (symbols - 1) / (2 samples).
    """
    counts = np.unique(x, return_counts=True)[1]
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum() + (len(counts) - 1) / (2 * counts.sum()))


def conditional_information(x: Symbols, y: Symbols, z: Symbols) -> float:
    """Return I(x; y | z) in nats, at least 0."""
    xz, yz = _paired(x, z), _paired(y, z)
    found = entropy(xz) + entropy(yz) - entropy(_paired(x, yz)) - entropy(z)
    return max(found, 0.0)


def _share(x: Symbols, y: Symbols, z: Symbols) -> float:
    """Return I(x; y | z) / H(y | z); 0 where y is certain, given z."""
    left = entropy(_paired(y, z)) - entropy(z)
    return min(conditional_information(x, y, z) / left, 1.0) if left > 1e-9 else 0.0


def _beside(
    measure: Callable[[Symbols, Symbols], float], given: Symbols, action: Symbols, rng: np.random.Generator
) -> Information:
    null = float(np.mean([measure(rng.permutation(action), given) for _ in range(SHUFFLES)]))
    return Information(measure(action, given), null, len(action))


def _paired(x: Symbols, y: Symbols) -> Symbols:
    """Return a symbol for each pair of symbols."""
    found: Symbols = np.unique(np.stack([x, y]), axis=1, return_inverse=True)[1].ravel()
    return found


def _history(seen: Symbols, symbols: int) -> Symbols:
    """Return a symbol for the observations before each step from the fourth on.

    It is the same in all episodes: they are read as the digits of a number, of so many ``symbols`` that
    occur in any.
    """
    steps = len(seen) - HISTORY
    found = seen[:steps]
    for back in range(1, HISTORY):
        found = found * symbols + seen[back : back + steps]
    return found


def _alone(one: Played, agent: int, symbols: int) -> tuple[Symbols, ...]:
    seen, action = one.observations[:, agent], one.actions[:, agent]
    kept = one.present[HISTORY:, agent]
    return seen[HISTORY:][kept], _history(seen, symbols)[kept], action[HISTORY:][kept]


def _pair(one: Played, i: int, j: int, symbols: int) -> tuple[Symbols, ...]:
    seen, action = one.observations, one.actions
    here = slice(HISTORY, len(seen) - 1)
    there = one.present[HISTORY:-1, i] & one.present[HISTORY:-1, j] & one.present[HISTORY + 1 :, j]
    known = [_history(seen[:, k], symbols)[:-1] * symbols + seen[here, k] for k in (i, j)]
    several = (
        *(seen[here, k] for k in (i, j)),
        *known,
        *(action[here, k] for k in (i, j)),
        action[HISTORY + 1 :, j],
        seen[HISTORY + 1 :, j],
    )
    return tuple(each[there] for each in several)


def _joined(parts: Sequence[tuple[Symbols, ...]]) -> tuple[Symbols, ...] | None:
    """Return the samples of all parts together; None where there are none."""
    filled = [part for part in parts if len(part[0])]
    return tuple(np.concatenate(each) for each in zip(*filled, strict=True)) if filled else None
