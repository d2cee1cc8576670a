"""Pairs of networks at play: batches to learn from, and episodes to judge them by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from benchmarks.studies.neural.networks import Floats, HostNetwork, Ints, Network, act, on_host
from benchmarks.studies.worlds import World

Array: TypeAlias = npt.NDArray[np.float64]
Pair: TypeAlias = tuple[HostNetwork, HostNetwork]
"""Actors of seats 0 and 1."""
MakeWorld: TypeAlias = Callable[[int], World]
"""Makes a world with so many copies."""


class Batch(NamedTuple):
    """What one agent saw: own and partner's observations and actions, own rewards; ``(steps, copies)`` first.

    ``done`` has shape ``(steps,)``; ``last`` is what the agent saw after the last step.
    """

    mine: jax.Array
    theirs: jax.Array
    my_actions: jax.Array
    their_actions: jax.Array
    rewards: jax.Array
    done: jax.Array
    last: jax.Array


def collect(world: World, pairs: Sequence[Pair], rng: np.random.Generator, steps: int) -> tuple[Batch, Batch]:
    """Play on for some steps, in episodes.

    Parameters
    ----------
    pairs
        Who plays in the first half of the copies, from which agent 0 learns, and in the second, agent 1's.
    """
    luck = rng.random((steps, 2, world.copies), dtype=np.float32)
    sights, choices, gains, ends = [], [], [], []
    for now in luck:
        seen = world.observe()
        actions = _draw(pairs, seen, now)
        rewards, done = world.step(actions)
        sights.append(seen)
        choices.append(actions)
        gains.append(rewards)
        ends.append(done)
        if done:
            world.reset(rng)
    observed = [np.stack([seen[i] for seen in sights]) for i in range(2)]
    chosen, rewarded = np.stack(choices), np.stack(gains).astype(np.float32)
    over, following = np.array(ends, dtype=np.float32), world.observe()
    first, second = (
        Batch(
            jnp.asarray(observed[i][:, own]),
            jnp.asarray(observed[1 - i][:, own]),
            jnp.asarray(chosen[:, i, own]),
            jnp.asarray(chosen[:, 1 - i, own]),
            jnp.asarray(rewarded[:, i, own]),
            jnp.asarray(over),
            jnp.asarray(following[i][own]),
        )
        for i, own in enumerate(_parts(world.copies, 2))
    )
    return first, second


def play(make: MakeWorld, agents: tuple[Network, Network], rng: np.random.Generator, episodes: int) -> Array:
    """Return the return of both agents in every episode, shape ``(2, episodes)``."""
    world = make(episodes)
    world.reset(rng)
    pair = (on_host(agents[0]), on_host(agents[1]))
    total, done = np.zeros((2, episodes)), False
    while not done:
        actions = _draw([pair], world.observe(), rng.random((2, episodes), dtype=np.float32))
        rewards, done = world.step(actions)
        total += rewards
    return total


def cross_returns(
    make: MakeWorld, teams: Sequence[tuple[Network, Network]], rng: np.random.Generator, episodes: int
) -> Array:
    """Return mean returns of all pairs that take seat 0 from one team and seat 1 from another.

    Returns
    -------
    ndarray of shape (2, teams, teams)
        Of both seats; the row's team has seat 0, the column's seat 1. The mean over seats is the matrix of
        a `nashforge.solvers.metrics.social.CrossPlay`; where seats differ in private costs only, their
        difference is free-riding.
    """
    found = np.empty((2, len(teams), len(teams)))
    for i, mine in enumerate(teams):
        for j, theirs in enumerate(teams):
            found[:, i, j] = play(make, (mine[0], theirs[1]), rng, episodes).mean(axis=1)
    return found


def _draw(pairs: Sequence[Pair], seen: tuple[Floats, Floats], luck: Floats) -> Ints:
    """Return the actions of both seats, shape ``(2, copies)``; copies are divided evenly among the pairs."""
    actions = np.empty(luck.shape, dtype=np.int64)
    for pair, own in zip(pairs, _parts(luck.shape[1], len(pairs)), strict=True):
        for i in range(2):
            actions[i, own] = act(pair[i], seen[i][own], luck[i, own])
    return actions


def _parts(copies: int, parts: int) -> list[slice]:
    """Return which copies belong to each part."""
    each = copies // parts
    return [slice(k * each, (k + 1) * each) for k in range(parts)]
