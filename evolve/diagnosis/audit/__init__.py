"""The auditor: looks for programs that earn their fitness in other ways than they should."""
