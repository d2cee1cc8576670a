"""The verbs of agents over HTTP: for agents that must not reach the archive."""
