"""Evolvable programs of all kinds: sessions over flat arrays, and folders of library programs."""
