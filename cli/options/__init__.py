"""Options and arguments of commands, each defined once."""
