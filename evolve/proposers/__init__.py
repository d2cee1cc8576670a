"""Proposers of programs: the offline rewriter, fragments of policies, language models."""
