"""Who writes programs: the offline rewriter, fragments of policies, language models."""
