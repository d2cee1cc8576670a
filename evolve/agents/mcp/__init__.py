"""The verbs of agents, and what they need around them, as tools of the Model Context Protocol."""
