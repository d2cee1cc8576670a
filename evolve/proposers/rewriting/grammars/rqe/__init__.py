"""The offline proposer's view of equilibrium learners, see `nashforge.solvers.learners.interface`."""
