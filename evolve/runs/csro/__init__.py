"""Code-space response oracles: PSRO whose best responses are programs that a search finds."""
