"""The preparation of a search, and its state for those who look on."""
