"""Policy-space response oracles (PSRO) on the sequence form: engine, restricted games, meta-solvers."""
