"""From what people write to a loaded OpenSpiel game, with its parameters and its identity."""
