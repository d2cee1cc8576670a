"""Risk-averse quantal response equilibria of matrix games: Newton's method along a homotopy."""
