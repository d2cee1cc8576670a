"""Running on many machines: a broker that wakes workers, and the archive that says what they do."""
