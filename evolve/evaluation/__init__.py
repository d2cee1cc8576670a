"""Measurements of candidates and their fitness: messages, metrics, objectives, stages."""
