"""The population: islands of programs, what they are compared by, and Pareto fronts."""
