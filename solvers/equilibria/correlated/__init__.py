"""Correlated equilibria: the best of one-shot games, and how far a joint average is from one."""
