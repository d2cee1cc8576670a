"""Programs as syntax trees: reading, building, printing, and edits."""
