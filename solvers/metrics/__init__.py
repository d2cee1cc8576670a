"""Measures of a joint policy beyond Nash: robustness to partners, risk, welfare, cross-play, free-riding."""
