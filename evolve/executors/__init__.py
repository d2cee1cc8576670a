"""Where evaluations run: on this machine's cores (`local`)."""
