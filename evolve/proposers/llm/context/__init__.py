"""The contents of prompts beside their templates: the library, the memory of the search, numbers."""
