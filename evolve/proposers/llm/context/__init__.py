"""What a prompt tells besides its templates: the library, the memory of the search, diagnoses."""
