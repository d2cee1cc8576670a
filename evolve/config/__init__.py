"""The configuration of a run, checked before anything starts."""
