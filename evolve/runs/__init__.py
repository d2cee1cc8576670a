"""Starting, continuing and inspecting runs: where configuration, executor, proposer and search are wired."""
