"""The challenger: games that are made to break a program."""
