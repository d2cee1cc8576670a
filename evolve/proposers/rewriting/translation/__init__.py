"""Programs that were written for an earlier interface, rewritten for today's where that is mechanical."""
