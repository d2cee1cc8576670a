"""The evolutionary loop: proposals, population, selection, strategies, and what becomes of candidates."""
