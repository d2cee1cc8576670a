"""Searching for policies of social dilemmas: suites of seeds, confined episodes, the offline proposer."""
