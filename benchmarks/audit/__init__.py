"""How many hacks an audit finds, and how many honest programs it suspects."""
