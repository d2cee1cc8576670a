"""Results of the benchmark: tables on the terminal, objects for JSON, and the page of the documentation."""
