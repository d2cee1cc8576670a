"""The grammar of learners of mean-field games."""
