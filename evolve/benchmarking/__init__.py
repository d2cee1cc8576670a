"""The benchmark: every program on families of games, at several horizons and scales, and who wins where."""
