"""When are two programs the same? See `evolve.offline.ast_fingerprint`."""

from evolve.offline import ast_fingerprint

__all__ = ["ast_fingerprint"]
