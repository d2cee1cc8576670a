"""Tools for those who work on Nashforge; nothing here is installed."""
