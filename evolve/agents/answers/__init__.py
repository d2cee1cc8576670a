"""Answers to agents, as data: the same on the command line, over HTTP and by MCP."""
