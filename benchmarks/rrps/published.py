"""Published numbers of the 43 bots, from the table of Lanctot et al. (2023), arXiv 2303.03196.

Their table holds means of 1,000 matches of 1,000 throws for each pair.
"""

from __future__ import annotations

MATCHES = 1000
"""Of each pair."""

SCORES = {
    "greenberg": (288.15, 3.65, 284.50),
    "iocainebot": (255.00, 5.01, 250.00),
    "biopic": (196.36, 36.66, 159.70),
    "phasenbott": (232.25, 111.71, 120.54),
}
"""``pop_return``, ``within_pop_expl`` and ``agg_score`` of four players."""

EQUILIBRIUM = {
    "randbot": 0.892,
    "markovbails": 0.046,
    "shofar": 0.038,
    "iocainebot": 0.020,
    "greenberg": 0.005,
}
"""The largest weights in the Nash equilibrium of the table as a zero-sum game, whose value is 0."""

LEARNERS = {"Q-learning": 8, "CSRO with refinement": 122, "PopRL": 247}
"""``agg_score`` of learners: arXiv 2303.03196, and 2603.10098 for CSRO."""
