"""The part of domains that audits ask for: games, changes that should not matter, numbers to look for."""
