"""The makings of HTML pages: templates, code in colours, and pictures that stand in the page itself."""
