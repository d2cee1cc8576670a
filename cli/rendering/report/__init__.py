"""A report of a run as one HTML file: no script, nothing from a network, and all text inert."""
