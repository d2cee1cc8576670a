"""Results read from stored runs: status, lineage, reports, costs."""
