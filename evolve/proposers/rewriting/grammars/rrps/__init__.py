"""The offline proposer's view of players of rock, paper, scissors, see `nashforge.solvers.rrps.interface`."""
