"""Learners in Markov games: the tasks, and the engine that shows every agent its own payoff gradient."""
