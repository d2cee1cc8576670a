"""Agents that are small neural networks, trained with PPO: independent, or averse to strategic risk (SRPO).

Needs JAX and optax, the extra ``studies``.
"""

from __future__ import annotations

from importlib.util import find_spec

_MISSING = [name for name in ("jax", "optax") if find_spec(name) is None]
if _MISSING:
    raise ImportError(
        f"neural learners need {' and '.join(_MISSING)}; install them, in the checkout, with: "
        'pip install ".[studies]"'
    )
