"""The payoff tensor of a restricted game in factors, which grow far more slowly than the tensor.

The payoff of a joint choice of policies is a sum over leaves, and each policy enters a leaf only through the
probability that it plays its own sequence. Sequences whose probabilities are proportional for all policies of
the population are one *class* (with a single policy there is one class, with two only those sequences differ
which the two reach differently), and leaves with equal tuples of classes are one entry of the *core*:

    T_p[i_1, ..., i_n] = sum_z core[p, z] prod_q F_q[classes[q, z], i_q].

The factors say what the tensor says about the population, in much less room; they say nothing about
sequences that no policy tells apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashforge.games.leaves import merge_leaves
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.psro.restricted.disguise import Arrays, Order, RestrictedDisguise

Array = npt.NDArray[np.float64]


class FactoredPayoffs:
    """The arrays of a factored restricted game.

    Parameters
    ----------
    form
        The whole game.
    capacity
        Most policies of a player.

    Attributes
    ----------
    classes, leaves : int
        Room for classes of one player, and for entries of the core.
    """

    def __init__(self, form: SequenceForm, capacity: int) -> None:
        self._form = form
        self.classes = max(treeplex.sequences for treeplex in form.treeplexes) + 1
        self.leaves = form.leaves + 1  # one for a constant
        self.capacity = capacity

    def write(
        self, plans: Sequence[Array], disguise: RestrictedDisguise, orders: Sequence[Order], into: Arrays
    ) -> None:
        """Factor the restricted game of some populations into shared arrays.

        Parameters
        ----------
        plans
            Realisation plans, one matrix of shape ``(policies, sequences + 1)`` a player. The first policy
            must play every sequence, as the uniform one does.
        disguise, orders
            Scale and shift of the payoffs, and in which order the policies of each player are to appear.
        into
            ``sizes`` (classes of each player, and entries of the core), ``by_policy`` and ``by_class`` (F,
            policies first and classes first), ``classes`` and ``core``.
        """
        form = self._form
        index = np.empty((form.players, form.leaves), dtype=np.int32)
        scale = np.ones(form.leaves)
        constant = np.empty(form.players, dtype=np.int32)
        for q, matrix in enumerate(plans):
            first = matrix[0]
            ratios = np.ascontiguousarray((matrix / first).T)
            distinct, inverse = np.unique(ratios, axis=0, return_inverse=True)
            own = form.leaf_sequences[q]
            index[q] = inverse.reshape(-1)[own]
            constant[q] = inverse.reshape(-1)[-1]  # the empty sequence, which all policies play
            scale *= first[own]
            count, policies = distinct.shape
            into["sizes"][q] = count
            into["by_class"][q, :count, :policies] = distinct[:, orders[q]]
            into["by_policy"][q, :policies, :count] = distinct[:, orders[q]].T
        tuples, core, _ = merge_leaves(index, form.leaf_payoffs * scale, form.leaf_chance)
        used = np.flatnonzero(core.any(axis=0))
        count = len(used)
        into["classes"][:, :count] = tuples[:, used]
        into["core"][:, :count] = core[:, used] * disguise.scale[:, None]
        if disguise.shift.any():
            into["classes"][:, count] = constant
            into["core"][:, count] = disguise.shift
            count += 1
        into["sizes"][form.players] = count
