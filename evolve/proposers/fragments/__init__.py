"""Policies for social dilemmas made of fragments: an offline proposer."""
