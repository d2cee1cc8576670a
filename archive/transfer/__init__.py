"""Moving what an archive holds: export, import, merge, and copies of whole databases."""
