"""Agents as proposers: requests that they claim, and answers that they tell."""
