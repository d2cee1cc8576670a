"""SRPO on PPO: two agents that learn to cooperate, each with an adversary copy of its partner; and IPPO.

Agent i meets only its own adversary, which has the partner's seat. The agent climbs the clipped surrogate of
its advantage plus ``epsilon`` times its entropy; its adversary, which starts as a copy of the partner, climbs
the clipped surrogate of the negative advantage less KL(adversary || partner) / tau. Independent PPO, the
baseline, is the same with the true partner in the adversary's place: just as many steps and gradients.

Our reading where the source is silent: the adversary's surrogate is clipped pessimistically for itself; its
objective is multiplied by tau / (1 + tau), so that no tau makes it huge (Adam does not mind the scale); the
divergence is the mean over what the partner's seat saw; gradients are clipped network by network. With
``normalize``, as usual with PPO, advantages have standard deviation 1 in every batch: tau and epsilon are in
units of that deviation. Without, they are in units of utility, as in `benchmarks.studies.srpo`.

Source: strategic risk aversion (2026), arXiv 2602.21515, algorithm 1 and its settings (`Settings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

import jax
import numpy as np
import optax

from benchmarks.studies.neural.networks import (
    POLICY_GAIN,
    VALUE_GAIN,
    Network,
    log_policy,
    on_host,
    perceptron,
    values,
)
from benchmarks.studies.neural.playing import Array, Batch, MakeWorld, Pair, collect
from benchmarks.studies.neural.ppo import advantages, divergence, entropy, surrogate, taken
from benchmarks.studies.worlds import World
from nashforge.solvers.risk.measures import RiskError

Scalar: TypeAlias = jax.Array | float


@dataclass(frozen=True)
class Settings:
    """Of PPO; as published where nothing else is said.

    Attributes
    ----------
    copies, length
        Worlds that each agent meets at once, and steps between updates.
    epochs
        Gradient steps an update, each with all that was seen.
    clip
        Bound on the change of a probability ratio.
    discount, trace
        Gamma, and lambda of the advantages.
    rate
        Of Adam.
    hidden
        Units of the layers of actors and critics.
    normalize
        Whether advantages are shifted and scaled to mean 0 and deviation 1.
    longest
        Gradients of a network that are longer are shortened to this norm (usual with PPO).
    """

    copies: int = 8
    length: int = 128
    epochs: int = 4
    clip: float = 0.2
    discount: float = 0.99
    trace: float = 0.95
    rate: float = 6e-4
    hidden: tuple[int, ...] = (64, 64)
    normalize: bool = True
    longest: float = 0.5


class Learner(NamedTuple):
    """Networks of one seat: actor, critic, the adversary in the other seat, and Adam's memory of each."""

    actor: Network
    critic: Network
    adversary: Network
    memories: tuple[optax.OptState, optax.OptState, optax.OptState]


class Fixed(NamedTuple):
    """What stays while an update makes its epochs: advantages, values to aim at, log-probabilities before."""

    advantage: jax.Array
    target: jax.Array
    mine_before: jax.Array
    theirs_before: jax.Array


@dataclass(frozen=True)
class TrainedNetworks:
    """What training leaves.

    Attributes
    ----------
    agents
        The actors of both seats.
    adversaries
        What each agent trained against (the partners themselves without risk): a network for the other seat.
    rewards : ndarray of shape (updates, 2)
        Mean reward a step of each agent with what it trained against, update by update.
    """

    agents: tuple[Network, Network]
    adversaries: tuple[Network, Network]
    rewards: Array


def train(
    make: MakeWorld,
    rng: np.random.Generator,
    *,
    steps: int,
    tau: float | None = 10.0,
    epsilon: float = 0.1,
    settings: Settings | None = None,
) -> TrainedNetworks:
    """Train two agents.

    Parameters
    ----------
    steps
        Steps of the world for each agent, over all copies; rounded up to whole updates.
    tau
        Aversion to risk, positive; nothing for independent PPO.
    epsilon
        Weight of the entropy, at least 0.

    Raises
    ------
    RiskError
        If a parameter is out of range.
    """
    how = settings or Settings()
    if (tau is not None and tau <= 0) or epsilon < 0:
        raise RiskError(f"tau must be positive and epsilon at least 0; got {tau} and {epsilon}")
    if min(steps, how.copies, how.length, how.epochs) < 1:
        raise RiskError(
            f"steps, copies, length and epochs must be positive; got {steps}, {how.copies}, {how.length} and "
            f"{how.epochs}"
        )
    world = make(2 * how.copies)
    with jax.default_device(jax.devices("cpu")[0]):
        learners = _begin(world, rng, how)
        world.reset(rng)
        curve = []
        for _ in range(-(-steps // (how.copies * how.length))):
            batches = collect(world, _pairs(learners, tau), rng, how.length)
            curve.append([float(batch.rewards.mean()) for batch in batches])
            learners = _update(learners, batches, tau, epsilon, how)
    agents = (learners[0].actor, learners[1].actor)
    adversaries = agents[::-1] if tau is None else (learners[0].adversary, learners[1].adversary)
    return TrainedNetworks(agents, adversaries, np.array(curve))


def _begin(world: World, rng: np.random.Generator, how: Settings) -> tuple[Learner, Learner]:
    """Draw actors and critics; adversaries start as copies of the partners."""
    optimizer = _optimizer(how)
    sizes = [(world.features[i], *how.hidden) for i in range(2)]
    actors = [perceptron(rng, (*sizes[i], world.actions[i]), POLICY_GAIN) for i in range(2)]
    critics = [perceptron(rng, (*sizes[i], 1), VALUE_GAIN) for i in range(2)]
    first, second = (
        Learner(
            actors[i],
            critics[i],
            actors[1 - i],
            (optimizer.init(actors[i]), optimizer.init(critics[i]), optimizer.init(actors[1 - i])),
        )
        for i in range(2)
    )
    return first, second


def _optimizer(how: Settings) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(how.longest), optax.adam(how.rate, eps=1e-5))


def _pairs(learners: tuple[Learner, Learner], tau: float | None) -> list[Pair]:
    """Return who plays in each agent's half of the copies."""
    first, second = on_host(learners[0].actor), on_host(learners[1].actor)
    if tau is None:
        return [(first, second)] * 2
    return [(first, on_host(learners[0].adversary)), (on_host(learners[1].adversary), second)]


@partial(jax.jit, static_argnames="how")
def _update(
    learners: tuple[Learner, Learner],
    batches: tuple[Batch, Batch],
    tau: Scalar | None,
    epsilon: Scalar,
    how: Settings,
) -> tuple[Learner, Learner]:
    """Make the gradient steps of one update, of all networks at once."""
    fixed = [_fix(learner, batch, how) for learner, batch in zip(learners, batches, strict=True)]

    def epoch(_: int, now: tuple[Learner, Learner]) -> tuple[Learner, Learner]:
        return (
            _climb(now[0], now[1].actor, batches[0], fixed[0], tau, epsilon, how),
            _climb(now[1], now[0].actor, batches[1], fixed[1], tau, epsilon, how),
        )

    first, second = jax.lax.fori_loop(0, how.epochs, epoch, learners)
    return first, second


def _fix(learner: Learner, batch: Batch, how: Settings) -> Fixed:
    """Return what an update's epochs have in common."""
    before, after = values(learner.critic, batch.mine), values(learner.critic, batch.last)
    advantage = advantages(batch.rewards, before, after, batch.done, how.discount, how.trace)
    target = advantage + before
    if how.normalize:
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    return Fixed(
        advantage,
        target,
        taken(log_policy(learner.actor, batch.mine), batch.my_actions),
        taken(log_policy(learner.adversary, batch.theirs), batch.their_actions),
    )


def _climb(
    learner: Learner,
    partner: Network,
    batch: Batch,
    fixed: Fixed,
    tau: Scalar | None,
    epsilon: Scalar,
    how: Settings,
) -> Learner:
    """Make one gradient step of an agent, its critic and, where there is risk, its adversary."""

    def agent_loss(actor: Network) -> jax.Array:
        policy = log_policy(actor, batch.mine)
        gain = surrogate(taken(policy, batch.my_actions), fixed.mine_before, fixed.advantage, how.clip)
        return -gain - epsilon * entropy(policy)

    def critic_loss(critic: Network) -> jax.Array:
        return ((values(critic, batch.mine) - fixed.target) ** 2).mean()

    optimizer = _optimizer(how)
    actor_memory, critic_memory, adversary_memory = learner.memories
    change, actor_memory = optimizer.update(jax.grad(agent_loss)(learner.actor), actor_memory)
    actor = optax.apply_updates(learner.actor, change)
    change, critic_memory = optimizer.update(jax.grad(critic_loss)(learner.critic), critic_memory)
    critic = optax.apply_updates(learner.critic, change)
    adversary = learner.adversary
    if tau is not None:
        expected = log_policy(partner, batch.theirs)

        def adversary_loss(adversary: Network) -> jax.Array:
            policy = log_policy(adversary, batch.theirs)
            taken_now = taken(policy, batch.their_actions)
            harm = surrogate(taken_now, fixed.theirs_before, -fixed.advantage, how.clip)
            return (divergence(policy, expected) - tau * harm) / (1.0 + tau)

        change, adversary_memory = optimizer.update(jax.grad(adversary_loss)(adversary), adversary_memory)
        adversary = optax.apply_updates(adversary, change)
    return Learner(actor, critic, adversary, (actor_memory, critic_memory, adversary_memory))
