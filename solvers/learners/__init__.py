"""Learners of risk-averse equilibria that see nothing but the gradients of their own payoffs."""
