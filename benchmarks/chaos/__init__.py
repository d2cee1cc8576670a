"""Trials in which everything that works on a run dies, freezes or falls silent, again and again."""
