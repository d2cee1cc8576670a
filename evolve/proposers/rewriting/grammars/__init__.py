"""The grammars of the domains' programs, and the mechanisms of their fields."""
