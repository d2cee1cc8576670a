"""From an OpenSpiel game to its sequence form: traversal, canonical payoffs, the disk cache."""
