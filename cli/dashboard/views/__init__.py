"""The pages, one module each: what is read from the archive, and the template that shows it."""
