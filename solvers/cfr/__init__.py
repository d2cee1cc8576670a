"""Counterfactual regret minimisation: rules, and the engine that runs them."""
