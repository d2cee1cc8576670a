"""The makings of HTML pages: templates, and code in colours."""
