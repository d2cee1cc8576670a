"""Multilayer perceptrons with tanh, orthogonal weights and zero biases, as is usual with PPO.

Source of the initial gains: Huang et al. (2022), "The 37 implementation details of proximal policy
optimization", detail 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.stats import ortho_group

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
HostNetwork: TypeAlias = list[tuple[Floats, Floats]]
Network: TypeAlias = list[tuple[jax.Array, jax.Array]]
"""Weights of shape ``(inputs, outputs)`` and biases, layer by layer."""

HIDDEN_GAIN, POLICY_GAIN, VALUE_GAIN = 2.0**0.5, 0.01, 1.0


def perceptron(rng: np.random.Generator, sizes: Sequence[int], gain: float) -> Network:
    """Draw a network.

    Parameters
    ----------
    sizes
        Features, units of each hidden layer, outputs.
    gain
        Scale of the last layer's orthogonal weights.
    """
    network = []
    for k, (inputs, outputs) in enumerate(pairwise(sizes)):
        scale = gain if k == len(sizes) - 2 else HIDDEN_GAIN
        square = np.atleast_2d(ortho_group.rvs(max(inputs, outputs), random_state=rng))
        weights = scale * square[:inputs, :outputs]
        network.append((jnp.asarray(weights, jnp.float32), jnp.zeros(outputs, jnp.float32)))
    return network


def outputs(network: Network, observations: jax.Array) -> jax.Array:
    """Return what a network makes of observations, shape ``(..., features)`` to ``(..., outputs)``."""
    layer = observations
    for weights, biases in network[:-1]:
        layer = jnp.tanh(layer @ weights + biases)
    weights, biases = network[-1]
    return layer @ weights + biases


def log_policy(actor: Network, observations: jax.Array) -> jax.Array:
    """Return log-probabilities of actions, shape ``(..., actions)``."""
    return jax.nn.log_softmax(outputs(actor, observations))


def values(critic: Network, observations: jax.Array) -> jax.Array:
    """Return a critic's values, shape ``(...,)``."""
    return outputs(critic, observations)[..., 0]


def on_host(network: Network) -> HostNetwork:
    """Return a network's arrays for `act`."""
    return [(np.asarray(weights), np.asarray(biases)) for weights, biases in network]


def act(actor: HostNetwork, observations: Floats, uniforms: Floats) -> Ints:
    """Return the actions that a policy draws: what falls to each number in [0, 1).

    The same network as in `log_policy`, in numpy: for the few observations of one step, handing arrays to JAX
    and back costs more than the arithmetic.

    Parameters
    ----------
    observations : ndarray of shape (copies, features)
    uniforms : ndarray of shape (copies,)
    """
    layer = observations
    for weights, biases in actor[:-1]:
        layer = layer @ weights
        layer += biases
        np.tanh(layer, out=layer)
    weights, biases = actor[-1]
    logits = layer @ weights + biases
    cumulative = np.exp(logits - logits.max(axis=1, keepdims=True)).cumsum(axis=1)
    return np.asarray((uniforms[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1))
