"""Charts: series that the page's script draws, and trees that are drawn here."""
