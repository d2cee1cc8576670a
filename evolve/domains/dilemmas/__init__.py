"""The domains of social dilemmas: policies for Gathering and Cleanup."""
