"""Policies refined by a language model with feedback from play, as published."""
