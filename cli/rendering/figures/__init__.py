"""Pictures of measurements, drawn off screen into files."""
