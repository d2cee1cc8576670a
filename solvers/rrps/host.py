"""Runs a player in one match behind flat arrays: in the sandbox's child or in-process, to equal results."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.solvers.programs.session import ArraySpec, find_class
from nashforge.solvers.rrps.interface import Player

IMPORTS = ("nashforge.solvers.rrps.interface",)

_ALLOWED = "it must be a throw (0 rock, 1 paper, 2 scissors), or the weights of the three"


def arguments(throws: int) -> dict[str, Any]:
    """Return what a session of a match is opened with."""
    inputs: list[ArraySpec] = [("own", (throws,), "|i1"), ("theirs", (throws,), "|i1")]
    outputs: list[ArraySpec] = [("strategy", (3,), "<f8")]
    return {"host": __name__, "setup": {"throws": throws}, "inputs": inputs, "outputs": outputs}


class Host:
    """The player of one match.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``throws`` of the match.
    inputs, outputs
        Shared arrays by name: ``own`` and ``theirs``, shape ``(throws,)``, of which the first ``t`` are read;
        ``strategy``, shape ``(3,)``, is written.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Mapping[str, npt.NDArray[np.float64]],
    ) -> None:
        self._player = find_class(namespace, Player)(setup["throws"])
        self._own, self._theirs = (_readonly(inputs[name]) for name in ("own", "theirs"))
        self._strategy = outputs["strategy"]

    def call(self, t: int) -> None:
        """Ask for the strategy of the throw after ``t`` others."""
        if t:
            self._player._observe(int(self._own[t - 1]), int(self._theirs[t - 1]))
        self._strategy[...] = weights(self._player.act(self._own[:t], self._theirs[:t], t))


def weights(returned: Any) -> npt.NDArray[np.float64]:
    """Return the probabilities of throws that a player returned.

    Raises
    ------
    ValueError
        If it is neither a throw nor three weights.
    """
    if np.ndim(returned) == 0:
        strategy: npt.NDArray[np.float64] = np.zeros(3)
        strategy[_throw(returned)] = 1.0
        return strategy
    found = np.asarray(returned, dtype=np.float64) if np.shape(returned) == (3,) else np.zeros(0)
    if found.shape != (3,):
        raise ValueError(f"act() returned an array of shape {np.shape(returned)}; {_ALLOWED}")
    largest = found.max()
    if not (np.isfinite(largest) and largest > 0 and found.min() >= 0):
        raise ValueError(
            f"act() returned the weights {found.tolist()}; they must be finite, not negative and not all 0"
        )
    shares: npt.NDArray[np.float64] = found / largest
    return np.asarray(shares / shares.sum())


def _throw(returned: Any) -> int:
    try:
        throw = operator.index(returned)
    except TypeError:
        what = "nothing" if returned is None else f"a {type(returned).__name__}"
        raise ValueError(f"act() returned {what}; {_ALLOWED}") from None
    if throw not in (0, 1, 2):
        raise ValueError(f"act() returned the throw {throw}; {_ALLOWED}")
    return throw


def _readonly(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
