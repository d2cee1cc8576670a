"""Mechanisms of meta-solvers, one file a place where they act."""
