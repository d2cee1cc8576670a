"""The solutions of games as text: equilibria of every concept, joint play, and sampled play."""
