"""Mean-field games solved: distributions, values, best responses, NashConv and learners."""
