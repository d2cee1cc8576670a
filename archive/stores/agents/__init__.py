"""Stores of requests to agents, and of notes."""
