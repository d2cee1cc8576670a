"""What all kinds of evolvable programs share: sessions over flat arrays, and folders of library programs."""
