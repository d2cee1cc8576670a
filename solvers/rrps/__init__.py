"""Players of repeated rock, paper, scissors: their interface, host and library, and the scores of a match."""
