"""Language models propose programs: what is asked, what it costs, and how their replies become programs."""
