"""Generators: families of random and structured games of our own, by game strings with a seed.

``random_tree(depth=6,actions=3,seed=1)`` names a game wherever a game string does. What a string generates is
the same on every machine, see `nashforge.games.generators.draws`.
"""
