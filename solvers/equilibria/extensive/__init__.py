"""Guarantees and Nash equilibria of extensive games of two players."""
