"""A run that goes on, or went on: progress, where it stands, its outcome."""
