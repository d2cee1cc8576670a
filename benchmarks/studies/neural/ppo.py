"""The parts of PPO: advantages, the clipped surrogate, entropy, divergence. Pure functions of arrays.

Sources: Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation",
equation 16; Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


def advantages(
    rewards: jax.Array, values: jax.Array, last: jax.Array, done: jax.Array, discount: float, trace: float
) -> jax.Array:
    """Return generalized advantage estimates, shape ``(steps, copies)``.

    Parameters
    ----------
    rewards, values : arrays of shape (steps, copies)
        Reward of each step and value of the observation before it.
    last : array of shape (copies,)
        Value after the last step; of no account where an episode ended there.
    done : array of shape (steps,)
        1 where an episode ended with the step, else 0.
    discount, trace
        Gamma and lambda.
    """

    def back(carry: tuple[jax.Array, jax.Array], step: tuple[jax.Array, ...]):  # type: ignore[no-untyped-def]
        later, following = carry
        reward, value, ended = step
        delta = reward + discount * (1.0 - ended) * following - value
        advantage = delta + discount * trace * (1.0 - ended) * later
        return (advantage, value), advantage

    _, found = jax.lax.scan(back, (jnp.zeros_like(last), last), (rewards, values, done), reverse=True)
    return jnp.asarray(found)


def surrogate(new: jax.Array, old: jax.Array, advantage: jax.Array, clip: float) -> jax.Array:
    """Return the mean clipped surrogate, to be climbed.

    Parameters
    ----------
    new, old
        Log-probabilities of the actions that were taken, now and when they were taken.
    """
    ratio = jnp.exp(new - old)
    bounded = jnp.clip(ratio, 1.0 - clip, 1.0 + clip)
    return jnp.minimum(ratio * advantage, bounded * advantage).mean()


def entropy(log_policy: jax.Array) -> jax.Array:
    """Return the mean entropy of strategies, in nats."""
    return -(jnp.exp(log_policy) * log_policy).sum(axis=-1).mean()


def divergence(log_policy: jax.Array, log_reference: jax.Array) -> jax.Array:
    """Return the mean of KL(policy || reference), in nats."""
    return (jnp.exp(log_policy) * (log_policy - log_reference)).sum(axis=-1).mean()


def taken(log_policy: jax.Array, actions: jax.Array) -> jax.Array:
    """Return the log-probabilities of the actions that were taken."""
    return jnp.take_along_axis(log_policy, actions[..., None], axis=-1)[..., 0]
