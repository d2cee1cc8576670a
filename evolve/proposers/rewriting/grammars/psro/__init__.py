"""Meta-solvers of PSRO: their grammar and mechanisms."""
