"""From a model's reply to the source of a program."""
