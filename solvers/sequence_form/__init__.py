"""Kernels on the sequence form: counterfactual values, best responses, expected values, exploitability."""
