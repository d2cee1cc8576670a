"""The offline proposer's view of equilibrium learners, see `solvers.learners.interface`."""
