"""Recorded answers of models, to resume and to replay runs without a network."""
