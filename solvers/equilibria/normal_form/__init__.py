"""Equilibria of strategic forms of any number of players, and of games that are brought to that form."""
