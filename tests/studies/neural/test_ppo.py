"""The parts of PPO agree with plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

from benchmarks.studies.neural import networks, ppo  # noqa: E402
from benchmarks.studies.srpo import _centred, _score, softmax  # noqa: E402


@given(seed=st.integers(0, 2**31), discount=st.floats(0, 1), trace=st.floats(0, 1))
@settings(max_examples=25)
def test_advantages_are_discounted_sums_of_surprises(seed: int, discount: float, trace: float) -> None:
    """Equation 16 as a sum, episode by episode; nothing is carried over the end of one."""
    rng = np.random.default_rng(seed)
    steps, copies = 12, 3
    rewards, values = rng.normal(size=(2, steps, copies))
    last, done = rng.normal(size=copies), rng.random(steps) < 0.3
    found = ppo.advantages(*(jnp.asarray(a) for a in (rewards, values, last, done)), discount, trace)
    following = np.concatenate([values[1:], last[None]])
    surprises = rewards + discount * np.where(done[:, None], 0.0, following) - values
    expected = np.zeros_like(rewards)
    for t in range(steps):
        for later in range(t, steps):
            expected[t] += (discount * trace) ** (later - t) * surprises[later]
            if done[later]:
                break
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_surrogate_is_flat_beyond_its_bounds() -> None:
    old = jnp.log(jnp.array([0.5, 0.5, 0.5, 0.5]))
    new = jnp.log(jnp.array([0.9, 0.9, 0.1, 0.1]))
    advantage = jnp.array([1.0, -1.0, 1.0, -1.0])
    value, gradient = jax.value_and_grad(ppo.surrogate)(new, old, advantage, 0.2)
    assert value == pytest.approx((1.2 - 1.8 + 0.2 - 0.8) / 4)
    np.testing.assert_allclose(gradient, [0.0, -1.8 / 4, 0.2 / 4, 0.0], atol=1e-6)


def test_gradients_in_logits_are_those_of_the_tabular_learner() -> None:
    """Where nothing has moved yet the surrogate's gradient is the plain policy gradient."""
    rng = np.random.default_rng(3)
    logits, reference = rng.normal(size=(2, 4))
    actions, advantage = rng.integers(0, 4, 50), rng.normal(size=50)
    x, y = softmax(logits), softmax(reference)
    before = jnp.log(jnp.asarray(x))[actions]

    def surrogate(z: jax.Array) -> jax.Array:
        return ppo.surrogate(jax.nn.log_softmax(z)[actions], before, jnp.asarray(advantage), 0.2)

    def entropy(z: jax.Array) -> jax.Array:
        return ppo.entropy(jax.nn.log_softmax(z)[None])

    def divergence(z: jax.Array) -> jax.Array:
        return ppo.divergence(jax.nn.log_softmax(z)[None], jnp.log(jnp.asarray(y))[None])

    for function, expected in (
        (surrogate, _score(advantage, actions, x)),
        (entropy, -_centred(np.log(x), x)),
        (divergence, _centred(np.log(x / y), x)),
    ):
        np.testing.assert_allclose(jax.grad(function)(jnp.asarray(logits)), expected, atol=1e-5)
    assert entropy(jnp.asarray(logits)) == pytest.approx(-x @ np.log(x), rel=1e-5)
    assert divergence(jnp.asarray(logits)) == pytest.approx(x @ np.log(x / y), rel=1e-5)


def test_actions_are_drawn_as_the_policy_says() -> None:
    """With evenly spaced numbers in place of random ones, shares are exact up to the spacing."""
    rng = np.random.default_rng(5)
    actor = networks.perceptron(rng, (3, 8, 8, 4), 3.0)
    seen = rng.normal(size=3).astype(np.float32)
    count = 10_000
    uniforms = ((np.arange(count) + 0.5) / count).astype(np.float32)
    actions = networks.act(networks.on_host(actor), np.tile(seen, (count, 1)), uniforms)
    expected = np.exp(networks.log_policy(actor, jnp.asarray(seen)))
    assert expected.max() < 0.9
    np.testing.assert_allclose(np.bincount(actions, minlength=4) / count, expected, atol=2 / count)


def test_networks_start_orthogonal_and_nearly_indifferent() -> None:
    actor = networks.perceptron(np.random.default_rng(0), (10, 64, 5), networks.POLICY_GAIN)
    weights = np.asarray(actor[0][0])
    np.testing.assert_allclose(weights @ weights.T, 2 * np.eye(10), atol=1e-4)
    seen = np.random.default_rng(1).normal(size=(20, 10)).astype(np.float32)
    np.testing.assert_allclose(np.exp(networks.log_policy(actor, jnp.asarray(seen))), 0.2, atol=0.02)


def test_taken_picks_the_action() -> None:
    table = jnp.arange(12.0).reshape(2, 2, 3)
    assert ppo.taken(table, jnp.array([[0, 2], [1, 1]])).tolist() == [[0.0, 5.0], [7.0, 10.0]]
