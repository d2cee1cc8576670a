"""Exact arithmetic: payoffs as fractions, certificates, and enumeration of all extreme equilibria."""
