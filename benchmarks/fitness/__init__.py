"""Which fitness generalises? Programs are measured once, and all definitions judged by the same numbers."""
