"""Loading of games by string or path, with their parameters and their identity."""
