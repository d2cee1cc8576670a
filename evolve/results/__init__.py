"""What is read off stored runs: status, lineage, reports, costs."""
