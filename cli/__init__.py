"""The command line: what people type, and how answers look. Everything else is in the other packages."""
