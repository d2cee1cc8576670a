"""What is measured of a candidate, and how it becomes a fitness: messages, metrics, objectives, stages."""
