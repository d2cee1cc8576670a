"""The preparation and conclusion of a search, its candidates under way, and its state for onlookers."""
