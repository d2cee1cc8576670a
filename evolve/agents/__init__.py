"""The verbs of agents in a run: ask, tell, give up, note; the same by every way to say them."""
